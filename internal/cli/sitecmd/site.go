// Package sitecmd shows what the Supervisors of the user's sessions hold: list, describe, and use, which chooses a context.
package sitecmd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// site is what the user's sessions and contexts lead to.
type site struct {
	env      *console.Env
	sessions *session.Sessions
	config   *api.Config
	contexts map[string][]string // the names of contexts by the ID of their credential
	tokens   map[string]tokens.Credential
	places   []*place
	slots    chan struct{}      // one for each request under way
	keys     map[tokens.Key]int // how many contexts a credential has
	all      []tokens.Session
	only     string // --server
	// lost are sessions that no context leads to.
	lost []tokens.Session
}

// place is the API server of a Supervisor, as one user sees it.
type place struct {
	key        tokens.Key
	context    session.Context
	namespaces []string // vSphere Namespaces that have a context, or that the user named at login
	server     *kubeapi.Server
	down       atomic.Pointer[error] // why it did not answer: the rest of the requests would wait in vain
}

// errDown is the error of a request to a place that did not answer another one.
var errDown = errors.New("the server did not answer before")

// openSite reads the store and the kubeconfig. server (canonical) restricts it to one API server, unless it is empty.
func openSite(e *console.Env, server string) (*site, error) {
	store, files, err := command.Open(e)
	if err != nil {
		return nil, err
	}
	config, err := files.Load()
	if err != nil {
		return nil, err
	}
	unattended := e.Unattended() // Several sessions at once cannot ask.
	s := &site{
		env: e, sessions: method.Sessions(unattended, store), config: config, contexts: map[string][]string{}, tokens: map[string]tokens.Credential{},
		keys: map[tokens.Key]int{}, only: server,
		slots: make(chan struct{}, login.MaxInFlight),
	}
	credentials, unreadable := store.Credentials()
	for _, err := range unreadable {
		e.Warn(err)
	}
	for _, c := range credentials {
		s.tokens[c.Key.ID()] = c
	}
	all, unreadable := store.Sessions()
	for _, err := range unreadable {
		e.Warn(err)
	}
	s.all = all
	s.find()
	return s, nil
}

// find fills in the places: one for each credential of a Supervisor's API server that a context has.
func (s *site) find() {
	byKey, used := map[string]*place{}, map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(s.config.Contexts)) {
		key, ours := kubeconfig.Ours(s.config.AuthInfos[s.config.Contexts[name].AuthInfo])
		if !ours {
			continue
		}
		s.keys[key]++
		id := key.ID()
		s.contexts[id] = append(s.contexts[id], name)
		c, err := session.FindContext(s.config, name)
		if key.Cluster != "" || err != nil || s.only != "" && key.Server != s.only {
			continue
		}
		p := byKey[id]
		if p == nil {
			p = &place{key: key, context: c}
			byKey[id], s.places = p, append(s.places, p)
			if covering := tokens.Covering(s.all, key); len(covering) > 0 {
				used[covering[0].ID], p.namespaces = true, slices.Clone(covering[0].Namespaces)
			}
		}
		if c.Namespace != "" {
			p.namespaces = append(p.namespaces, c.Namespace)
		}
	}
	for _, p := range s.places {
		slices.Sort(p.namespaces)
		p.namespaces = slices.Compact(p.namespaces)
	}
	slices.SortStableFunc(s.places, func(a, b *place) int { return strings.Compare(a.key.Server, b.key.Server) })
	for _, one := range s.all {
		if !used[one.ID] && (s.only == "" || one.Server == s.only) {
			s.lost = append(s.lost, one)
		}
	}
}

// check returns an error if there is nothing to ask.
func (s *site) check() error {
	server := s.only
	switch {
	case len(s.places) > 0:
		return nil
	case len(s.lost) > 0:
		return failure.Hint(fmt.Errorf("no context of your kubeconfig leads to %s", s.lost[0].Server),
			"To write the contexts again, type: %s", s.sessions.Command(s.lost[0]))
	case server != "" && len(s.all) > 0:
		var servers []string
		for _, one := range s.all {
			servers = append(servers, one.Server)
		}
		slices.Sort(servers)
		return fmt.Errorf("there is no session at %s; there are sessions at %s", server, strings.Join(slices.Compact(servers), ", "))
	case server != "":
		return failure.Hint(fmt.Errorf("there is no session at %s", server), "Log in first: %s", failure.LoginCommand(server, ""))
	}
	return failure.Hint(errors.New("there is no session"), "Log in first: kubectl vsphere login --server ADDRESS -u USER")
}

// connect gets the token of a place and a client of its API server.
func (s *site) connect(ctx context.Context, p *place) (closeIdle func(), err error) {
	client, _, err := s.sessions.Client(ctx, p.context)
	if err != nil {
		return nil, err
	}
	p.server = kubeapi.New(func(ctx context.Context, r wire.Request) ([]byte, error) {
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if p.down.Load() != nil {
			return nil, errDown
		}
		body, err := client.Do(ctx, r)
		if errors.Is(err, wire.ErrUnreachable) {
			p.down.CompareAndSwap(nil, &err)
		}
		return body, err
	})
	return client.CloseIdleConnections, nil
}

// clusterKey returns the credential of a cluster for the user of a place.
func (p *place) clusterKey(namespace, name string) tokens.Key {
	return tokens.Key{Server: p.key.Server, User: p.key.User, Cluster: namespace + "/" + name}
}

// contextsOf returns the contexts of a credential for a table. A star marks the current one.
func (s *site) contextsOf(key tokens.Key) string { return s.marked(s.contexts[key.ID()]) }

func (s *site) marked(names []string) string {
	names = slices.Clone(names)
	for i, name := range names {
		if name == s.config.CurrentContext {
			names[i] = "*" + name
		}
	}
	return strings.Join(names, ",")
}

// tokenOf returns how long the token of a credential is valid, in a few words.
func (s *site) tokenOf(key tokens.Key) string {
	c, found := s.tokens[key.ID()]
	switch {
	case !found:
		return "none"
	case c.Target != nil && c.Target.CAUnknown:
		return "CA unknown: log in"
	case !c.Minted():
		return "on first use"
	case !c.Good(s.env.Now()):
		return "ended"
	}
	return "good for " + console.Span(c.Expires.Sub(s.env.Now()))
}

// typedServer reads --server.
func typedServer(typed string) (string, error) {
	if typed == "" {
		return "", nil
	}
	address, err := supervisor.ParseTyped(typed)
	if err != nil {
		return "", failure.Usagef("--server: %w", err)
	}
	return address.String(), nil
}
