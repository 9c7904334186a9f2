// Package survey reads what the Supervisors of the user's sessions hold: in all of them, and in all their vSphere Namespaces, at once.
package survey

import (
	"cmp"
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
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Site is what the user's sessions and contexts lead to.
type Site struct {
	Env      *console.Env
	Sessions *session.Sessions
	Config   *api.Config
	Places   []*Place
	All      []tokens.Session  // also those that no context leads to
	Only     string            // the one API server (canonical) that is meant; empty: all
	Names    map[string]string // what a person calls servers (tokens.Site.Name), by address

	contexts map[string][]string // the names of contexts by the ID of their credential
	tokens   map[string]tokens.Credential
	slots    chan struct{}      // one for each request under way
	keys     map[tokens.Key]int // how many contexts a credential has
	lost     []tokens.Session   // those that no context leads to
}

// Place is the API server of a Supervisor, as one user sees it.
type Place struct {
	Key        tokens.Key
	Title      string // what a person calls the server: the name of its site, or its address
	context    session.Context
	Namespaces []string // vSphere Namespaces that have a context, or that the user named at login
	server     *kubeapi.Server
	down       atomic.Pointer[error] // why it did not answer: the rest of the requests would wait in vain
}

// errDown is the error of a request to a place that did not answer another one.
var errDown = errors.New("the server did not answer before")

// Open reads the store and the kubeconfig. server (canonical) restricts it to one API server, unless it is empty.
func Open(e *console.Env, server string) (*Site, error) {
	store, files, err := command.Open(e)
	if err != nil {
		return nil, err
	}
	config, err := files.Load()
	if err != nil {
		return nil, err
	}
	unattended := e.Unattended() // Several sessions at once cannot ask.
	s := &Site{
		Env: e, Sessions: method.Sessions(unattended, store), Config: config, contexts: map[string][]string{}, tokens: map[string]tokens.Credential{},
		keys: map[tokens.Key]int{}, Only: server,
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
	s.All, s.Names = all, store.SiteNames()
	s.find()
	return s, nil
}

// Called returns what a person calls a server: its name, or its address.
func (s *Site) Called(server string) string { return cmp.Or(s.Names[server], server) }

// find fills in the places: one for each credential of a Supervisor's API server that a context has.
func (s *Site) find() {
	byKey, used := map[string]*Place{}, map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(s.Config.Contexts)) {
		key, ours := kubeconfig.Ours(s.Config.AuthInfos[s.Config.Contexts[name].AuthInfo])
		if !ours {
			continue
		}
		s.keys[key]++
		id := key.ID()
		s.contexts[id] = append(s.contexts[id], name)
		c, err := session.FindContext(s.Config, name)
		if key.Cluster != "" || err != nil || s.Only != "" && key.Server != s.Only {
			continue
		}
		p := byKey[id]
		if p == nil {
			p = &Place{Key: key, Title: s.Called(key.Server), context: c}
			byKey[id], s.Places = p, append(s.Places, p)
			if covering := tokens.Covering(s.All, key); len(covering) > 0 {
				used[covering[0].ID], p.Namespaces = true, slices.Clone(covering[0].Namespaces)
			}
		}
		if c.Namespace != "" {
			p.Namespaces = append(p.Namespaces, c.Namespace)
		}
	}
	for _, p := range s.Places {
		slices.Sort(p.Namespaces)
		p.Namespaces = slices.Compact(p.Namespaces)
	}
	slices.SortStableFunc(s.Places, func(a, b *Place) int { return strings.Compare(a.Key.Server, b.Key.Server) })
	for _, one := range s.All {
		if !used[one.ID] && (s.Only == "" || one.Server == s.Only) {
			s.lost = append(s.lost, one)
		}
	}
}

// Check returns an error if there is nothing to ask.
func (s *Site) Check() error {
	server := s.Only
	switch {
	case len(s.Places) > 0:
		return nil
	case len(s.lost) > 0:
		return failure.Hint(fmt.Errorf("no context of your kubeconfig leads to %s", s.lost[0].Server),
			"To write the contexts again, type: %s", s.Sessions.Command(s.lost[0]))
	case server != "" && len(s.All) > 0:
		var servers []string
		for _, one := range s.All {
			servers = append(servers, s.Called(one.Server))
		}
		slices.Sort(servers)
		return fmt.Errorf("there is no session at %s; there are sessions at %s", server, strings.Join(slices.Compact(servers), ", "))
	case server != "":
		return failure.Hint(fmt.Errorf("there is no session at %s", server), "Log in first: %s", failure.LoginCommand(server, ""))
	}
	return failure.Hint(errors.New("there is no session"), "Log in first: kubectl vsphere login --server ADDRESS -u USER")
}

// connect gets the token of a place and a client of its API server.
func (s *Site) connect(ctx context.Context, p *Place) (closeIdle func(), err error) {
	client, _, err := s.Sessions.Client(ctx, p.context)
	if err != nil {
		return nil, err
	}
	p.down.Store(nil)
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

// ClusterKey returns the credential of a cluster for the user of a place.
func (p *Place) ClusterKey(namespace, name string) tokens.Key {
	return tokens.Key{Server: p.Key.Server, User: p.Key.User, Cluster: namespace + "/" + name}
}

// ContextsOf returns the contexts of a credential for a table. A star marks the current one.
func (s *Site) ContextsOf(key tokens.Key) string { return s.Marked(s.contexts[key.ID()]) }

// Marked returns names of contexts for a table, separated by commas. A star marks the current one.
func (s *Site) Marked(names []string) string {
	names = slices.Clone(names)
	for i, name := range names {
		if name == s.Config.CurrentContext {
			names[i] = "*" + name
		}
	}
	return strings.Join(names, ",")
}

// TokenOf returns how long the token of a credential is valid, in a few words.
func (s *Site) TokenOf(key tokens.Key) string {
	c, found := s.tokens[key.ID()]
	switch {
	case !found:
		return "none"
	case c.Target != nil && c.Target.CAUnknown:
		return "CA unknown: log in"
	case !c.Minted():
		return "on first use"
	case !c.Good(s.Env.Now()):
		return "ended"
	}
	return "good for " + console.Span(c.Expires.Sub(s.Env.Now()))
}

// ContextIn returns the contexts of a namespace for the user of a place.
func (s *Site) ContextIn(p *Place, ns string) string {
	var names []string
	for _, name := range s.contexts[p.Key.ID()] {
		if s.Config.Contexts[name].Namespace == ns {
			names = append(names, name)
		}
	}
	return s.Marked(names)
}

// NamespacesOf returns all vSphere Namespaces that contexts lead to.
func (s *Site) NamespacesOf() []string {
	all := map[string]bool{}
	for _, p := range s.Places {
		for _, ns := range p.Namespaces {
			all[ns] = true
		}
	}
	return slices.SortedFunc(maps.Keys(all), strings.Compare)
}

// CountContexts returns how many contexts use a session.
func (s *Site) CountContexts(one tokens.Session) int {
	n := 0
	for key, names := range s.keys {
		if covering := tokens.Covering(s.All, key); len(covering) > 0 && covering[0].ID == one.ID {
			n += names
		}
	}
	return n
}

// At returns the site with one place alone.
func (s *Site) At(p *Place) *Site {
	one := *s
	one.Places, one.lost = []*Place{p}, nil
	return &one
}
