package client

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

func (i Issuer) check() error {
	secret := i.Secret != nil
	switch {
	case secret == (i.Token != nil):
		return errors.New("Options.Issuer needs one of Token and Secret")
	case secret && (i.URL == "" || i.Client == ""):
		return errors.New("Options.Issuer.Secret needs a URL and a client")
	case i.Trust.Fingerprint != "":
		return errors.New("Options.Issuer.Trust: a fingerprint is for Supervisors; give the CA")
	}
	return nil
}

// issuerLogin is a service that an issuer knows.
type issuerLogin struct {
	site   site.Site
	env    *console.Env
	marks  guarded
	issuer Issuer
}

// provided stands for the file or variable in which a runner provides a secret.
const provided = "the program"

// session gets the first token.
func (l issuerLogin) session(ctx context.Context) (*Session, error) {
	kept, w, err := l.discover(ctx)
	if err != nil {
		return nil, err
	}
	first := l.federated(&oidc.Client{Session: kept, Wire: w, Now: l.env.Now})
	getenv, err := l.token(ctx)
	if err != nil {
		return nil, err
	}
	_, claims, err := first.Issuer.FromRunner(ctx, getenv, first.SendSecret)
	if err != nil {
		return nil, err
	}
	server := l.site.Address.API(l.site.Address.FrontPort())
	ca := l.site.Trust().For(trust.ServerOf(l.site.Address.HostPort())).CA
	a := apiServer{server, []byte(ca), tokens.Key{Server: l.site.Address.String(), User: claims.Username}, disclose.SupervisorToken}
	mint := func(ctx context.Context, f *login.Federated) (c tokens.Credential, err error) {
		if f.Getenv, err = l.token(ctx); err != nil {
			return c, err
		}
		return f.Mint(ctx, a.key, tokens.Target{})
	}
	credential, err := mint(ctx, first)
	if err != nil {
		return nil, err
	}
	return a.session(l.env, credential, func(ctx context.Context) (tokens.Credential, error) {
		return mint(ctx, l.federated(&oidc.Client{Session: kept, Wire: w, Now: l.env.Now}))
	}), nil
}

// discover asks the issuer for its document, if it is needed.
func (l issuerLogin) discover(ctx context.Context) (oidc.Session, *wire.Client, error) {
	kept := oidc.Session{
		Plain: true, Client: l.issuer.Client, Scopes: slices.Clone(l.issuer.Scopes), Params: maps.Clone(l.issuer.Params), Hosts: slices.Clone(l.issuer.Hosts),
	}
	if l.issuer.Secret == nil {
		kept.TokenVariable = provided
		return kept, nil, nil
	}
	kept.SecretVariable = provided
	t := trust.Trust{Mode: trust.System}
	if len(l.issuer.Trust.CA) > 0 {
		var err error
		if t, err = l.issuer.Trust.mode(); err != nil {
			return kept, nil, fmt.Errorf("Options.Issuer.Trust.CA: %w", err)
		}
	}
	w, err := site.Client(l.env, t, nil)
	if err != nil {
		return kept, nil, err
	}
	if kept.Provider, err = oidc.Discover(ctx, w, l.issuer.URL, true); err != nil {
		return kept, nil, err
	}
	c := &oidc.Client{Session: kept, Wire: w, Now: l.env.Now}
	_ = c.FetchKeys(ctx) // What verifies a token asks again.
	return c.Session, w, nil
}

// token returns a function that returns the token that the caller provides.
func (l issuerLogin) token(ctx context.Context) (func(string) string, error) {
	if l.issuer.Token == nil {
		return func(string) string { return "" }, nil
	}
	text, err := l.issuer.Token.get(ctx, "token")
	return func(string) string { return text.Reveal() }, err
}

// federated returns what mints a token.
func (l issuerLogin) federated(c *oidc.Client) *login.Federated {
	return &login.Federated{Issuer: c, SendSecret: func(ctx context.Context, send func(context.Context, Secret) error) error {
		name := c.Provider.Issuer + " client " + c.Client
		source := secret.Source{Name: provided, What: "the client's secret", Kind: secret.Given, Get: func(ctx context.Context) (Secret, error) {
			return l.issuer.Secret.get(ctx, "client's secret")
		}}
		return l.marks.guard(l.env, name, "refusals of "+name).Send(ctx, []secret.Source{source}, func(ctx context.Context, s Secret, _ secret.Source) error {
			return send(ctx, s)
		})
	}}
}
