package client

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/sso"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// passwordLogin is an account of vCenter Single Sign-On.
type passwordLogin struct {
	Password
	site   site.Site
	env    *console.Env
	marks  guarded
	result *login.Result // of the login
}

// guard returns a guard for one use of the password. explicit is a login, and no renewal.
func (p *passwordLogin) guard(explicit bool) *secret.Guard {
	g := p.marks.guard(p.env, tokens.HostAccount(tokens.Key{Server: p.site.Address.String(), User: p.User}), secret.UserName(p.User))
	g.Explicit = explicit
	return g
}

// source is the caller's source of the password.
func (p *passwordLogin) source() []secret.Source {
	return []secret.Source{{Name: "the program", Kind: secret.Given, Get: func(ctx context.Context) (Secret, error) {
		return p.Password.Password.get(ctx, "password")
	}}}
}

// session logs in to the Supervisor and its control plane hosts.
func (p *passwordLogin) session(ctx context.Context) (*Session, error) {
	if err := sso.CheckUser(p.User); err != nil {
		return nil, err
	}
	none, err := login.ParseSelection("none")
	if err != nil {
		return nil, err
	}
	guard := p.guard(true)
	err = guard.Send(ctx, p.source(), func(ctx context.Context, password Secret, _ secret.Source) (err error) {
		p.result, err = login.Do(ctx, login.Request{
			Wire: p.site.Wire, Server: p.site.Address, User: p.User, Password: p.site.Ground().Hold(disclose.Password, password), Guard: guard, Clusters: none,
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, f := range p.result.Failures {
		p.env.Warn(errors.New(f.What + ": " + f.Err.Error()))
	}
	h := p.result.Hosts[0]
	server := h.Address.API(h.APIPort)
	a := apiServer{server, site.APICA(h, server, p.site.Trust()), tokens.Key{Server: h.Address.String(), User: p.User}, disclose.SupervisorToken}
	s := a.session(p.env, h.Credential, func(ctx context.Context) (tokens.Credential, error) {
		c, _, err := p.mint(ctx, a.key)
		return c, err
	})
	s.cluster = p.cluster
	return s, nil
}

// mint gets a credential with the password.
func (p *passwordLogin) mint(ctx context.Context, key tokens.Key) (c tokens.Credential, reply sso.Reply, err error) {
	ground := p.site.Ground()
	for _, h := range p.result.Hosts {
		ground = ground.Naming(h.Address.URL(""))
	}
	err = p.guard(false).Send(ctx, p.source(), func(ctx context.Context, password Secret, _ secret.Source) (err error) {
		c, reply, err = login.Mint(ctx, p.site.Wire, key, ground.Hold(disclose.Password, password))
		if errors.Is(err, sso.ErrUnknownCluster) {
			err = &secret.ProvedError{Err: err}
		}
		return err
	})
	return c, reply, err
}

// cluster logs in to a cluster.
func (p *passwordLogin) cluster(ctx context.Context, name string) (*Session, error) {
	if err := checkCluster(name); err != nil || name == "" {
		return nil, errors.Join(errors.New("a cluster is named NAMESPACE/NAME"), err)
	}
	key := tokens.Key{Server: p.hostOf(name).String(), User: p.User, Cluster: name}
	first, reply, err := p.mint(ctx, key)
	if err != nil {
		return nil, err
	}
	address, err := supervisor.ParseAddress(reply.ClusterServer)
	if err != nil {
		return nil, err
	}
	a := apiServer{address.API(address.Port), reply.ClusterCA, key, disclose.ClusterToken}
	s := a.session(p.env, first, func(ctx context.Context) (tokens.Credential, error) {
		c, _, err := p.mint(ctx, key)
		return c, err
	})
	s.cluster = p.cluster
	return s, nil
}

// hostOf returns the control plane host of a cluster's vSphere Namespace.
func (p *passwordLogin) hostOf(cluster string) supervisor.Address {
	namespace, _, _ := strings.Cut(cluster, "/")
	i := slices.IndexFunc(p.result.Namespaces, func(ns login.Namespace) bool { return ns.Name == namespace })
	if i < 0 {
		return p.site.Address
	}
	return p.result.Namespaces[i].Host.Address
}
