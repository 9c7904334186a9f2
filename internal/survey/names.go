package survey

import (
	"maps"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// ClusterKey returns the credential of a cluster for the user of a place.
func (p *Place) ClusterKey(namespace, name string) tokens.Key {
	return tokens.Key{Server: p.Key.Server, User: p.Key.User, Cluster: namespace + "/" + name}
}

// ContextsOf returns the contexts of a credential for a table. A star marks the current one.
func (s *Site) ContextsOf(key tokens.Key) string { return s.Marked(s.contexts[key.ID()]) }

// Users returns the places of all users at the server of the place, that of the current context first.
func (p *Place) Users(s *Site) (all []*Place) {
	var current tokens.Key
	if c := s.Config.Contexts[s.Config.CurrentContext]; c != nil {
		current, _ = kubeconfig.Ours(s.Config.AuthInfos[c.AuthInfo])
	}
	for _, other := range s.Places {
		switch {
		case other.Key.Server != p.Key.Server:
		case other.Key.Server == current.Server && other.Key.User == current.User:
			all = append([]*Place{other}, all...)
		default:
			all = append(all, other)
		}
	}
	return all
}

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
	return slices.Sorted(maps.Keys(all))
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

// Servers returns the servers that are asked for what is in some namespaces; none: all.
func (s *Site) Servers(only []string) (all []string) {
	for _, p := range s.Places {
		if (len(only) == 0 || len(s.chosenOf(p, only)) > 0) && !slices.Contains(all, p.Key.Server) {
			all = append(all, p.Key.Server)
		}
	}
	return all
}
