// Package survey reads what the Supervisors of the user's sessions hold: in all of them, and in all their vSphere Namespaces, at once.
package survey

import (
	"cmp"
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
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/order"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
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
	Doing    string            // what a terminal shows while Read waits; empty: nothing

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
	down       atomic.Pointer[error] // see ofServer
}

// errDown is the error of a request that was not sent, since the one before says how it would end.
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
	order.By(s.Places, func(a, b *Place) int { return strings.Compare(a.Key.Server, b.Key.Server) })
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
		return failure.Hint(fmt.Errorf("no context of your kubeconfig leads to %s", s.Called(s.lost[0].Server)),
			"To write the contexts again, type: %s", s.Sessions.Command(s.lost[0]))
	case server != "" && len(s.All) > 0:
		var servers []string
		for _, one := range s.All {
			servers = append(servers, s.Called(one.Server))
		}
		slices.Sort(servers)
		return fmt.Errorf("there is no session at %s; there are sessions at %s", s.Called(server), strings.Join(slices.Compact(servers), ", "))
	case server != "":
		return failure.Hint(fmt.Errorf("there is no session at %s", s.Called(server)), "Log in first: %s", failure.LoginCommand(server, ""))
	}
	return failure.Hint(errors.New("there is no session"), "Log in first: kubectl vsphere login --server ADDRESS -u USER")
}

// At returns the site with one place alone.
func (s *Site) At(p *Place) *Site {
	one := *s
	one.Places, one.lost = []*Place{p}, nil
	return &one
}
