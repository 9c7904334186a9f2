package kubeconfig

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/address"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/order"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// matched says which contexts of a kubeconfig are the wanted ones.
type matched struct {
	found   []string // the context that is there for each wanted one; empty: none
	renames []bool   // it gets a new name
}

// match finds for each wanted context the one that is there: under a name that Plan would give, else under any name with
// the same namespace or, for a cluster, with any. It settles the prefix of new names.
func (p *planner) match(wanted []Wanted) matched {
	m := matched{found: make([]string, len(wanted)), renames: make([]bool, len(wanted))}
	taken := map[string]bool{}
	each := func(names func(w Wanted) []string, fits func(c *api.Context, w Wanted) bool) {
		for i, w := range wanted {
			for _, name := range names(w) {
				if c := p.old.Contexts[name]; m.found[i] == "" && c != nil && !taken[name] && fits(c, w) {
					m.found[i], taken[name] = name, true
				}
			}
		}
	}
	each(func(w Wanted) []string { return w.names(p.Prefix) }, p.fits)
	near := p.byCredential()
	for _, there := range []func(*api.Cluster, string, Target) bool{isCluster, nearCluster} {
		each(near.of(p), func(c *api.Context, w Wanted) bool {
			return p.fitsInNamespace(c, w) && there(p.old.Clusters[c.Cluster], c.Cluster, w.Target)
		})
	}
	p.settlePrefix(wanted, m)
	return m
}

// byCredential has the names of contexts by what may make them those of a target: its credential, or the name of its user entry. A file
// has thousands of contexts, and a login wants thousands.
type byCredential map[string][]string

func (p *planner) byCredential() byCredential {
	all := byCredential{}
	for _, name := range append([]string{p.old.CurrentContext}, slices.Sorted(maps.Keys(p.old.Contexts))...) { // Of several it is the one that is used.
		if c := p.old.Contexts[name]; c != nil {
			by := credfile.Fold(c.AuthInfo)
			if key, ours := p.ours(p.old.AuthInfos[c.AuthInfo]); ours {
				by = key.ID()
			}
			all[by] = append(all[by], name)
		}
	}
	return all
}

// of returns the names of the contexts that may be the wanted one.
func (all byCredential) of(p *planner) func(w Wanted) []string {
	return func(w Wanted) []string {
		found := slices.Clone(all[w.Target.Key.ID()])
		for _, name := range p.userNames(w.Target) {
			found = append(found, all[name]...)
		}
		return found
	}
}

// isCluster reports whether a cluster entry is what we would write.
func isCluster(entry *api.Cluster, _ string, t Target) bool {
	return entry != nil && sameCluster(entry, t)
}

// nearCluster reports whether a cluster entry is of the target's server: it is at the same host, has a name that we give, or is gone. A
// person's own way to the server, such as a tunnel, is not.
func nearCluster(entry *api.Cluster, name string, t Target) bool {
	return entry == nil || slices.Contains(t.entryNames(), name) || hostOf(entry.Server) == hostOf(t.Server)
}

func hostOf(server string) string {
	if host, _, err := address.ParseTyped(server); err == nil {
		return host
	}
	return server
}

// fitsInNamespace reports whether a context is for the credential and namespace of a wanted one. Those of a cluster are the person's.
func (p *planner) fitsInNamespace(c *api.Context, w Wanted) bool {
	return (c.Namespace == w.Namespace || w.Target.Key.Cluster != "") && p.fits(c, w)
}

// settlePrefix finds the prefix that most of the contexts have. New ones get the same, unless another was asked for: then
// those that have it are renamed. If the one that was asked for is in use, a different name was given by hand, and stays.
func (p *planner) settlePrefix(wanted []Wanted, m matched) {
	count := map[string]int{}
	prefixes := make([]string, len(wanted))
	generated := make([]bool, len(wanted))
	for i, w := range wanted {
		if m.found[i] != "" {
			if prefixes[i], generated[i] = w.prefix(m.found[i]); generated[i] {
				count[prefixes[i]]++
			}
		}
	}
	if len(count) == 0 || p.Rename && count[p.Prefix] > 0 {
		return
	}
	most := slices.MaxFunc(slices.Sorted(maps.Keys(count)), func(a, b string) int { return count[a] - count[b] })
	if !p.Rename {
		p.Prefix = most
		return
	}
	for i := range wanted {
		m.renames[i] = generated[i] && prefixes[i] == most
	}
}

// names are the names for a context, the best one first.
func (w Wanted) names(prefix string) []string {
	host, user := w.Target.entryNames()[0], w.Target.Key.User
	name := prefix + w.Name
	if w.Name == host { // HOST-HOST would say nothing.
		return []string{name, name + "-" + user, name + "-" + host, name + "-" + host + "-" + user}
	}
	all := []string{name}
	if site := w.Target.Site; site != "" {
		all = append(all, name+"-"+site)
	}
	return append(all, name+"-"+host, name+"-"+host+"-"+user)
}

// prefix returns what is before a name that Plan gives; false if it is not such a name.
func (w Wanted) prefix(name string) (string, bool) {
	names := w.names("")
	order.By(names, func(a, b string) int { return len(b) - len(a) })
	for _, n := range names {
		if prefix, ok := strings.CutSuffix(name, n); ok {
			return prefix, true
		}
	}
	return "", false
}

// freeName is the first name that no context has.
func (p *planner) freeName(w Wanted) (string, bool) {
	for _, name := range w.names(p.Prefix) {
		if p.now.Contexts[name] == nil {
			return name, true
		}
	}
	return "", false
}

// fits reports whether an existing context is for the credential of a wanted one: by our user entry, by that of VMware's
// plugin, or by a user entry which is gone and which login would make.
func (p *planner) fits(c *api.Context, w Wanted) bool {
	u := p.old.AuthInfos[c.AuthInfo]
	if key, ours := p.ours(u); ours {
		return key.Same(w.Target.Key)
	}
	return (u == nil || vmware(c.AuthInfo, u)) && slices.Contains(p.userNames(w.Target), credfile.Fold(c.AuthInfo))
}
