package sitecmd

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

func siteKind() *kind {
	return &kind{
		name: "sites", aliases: []string{"site", "supervisors", "supervisor"}, short: "Supervisors that you have logged in to", whole: true,
		local: siteRows,
	}
}

var siteColumns = columnsOf("USER", "TOKEN", "TRUST", "CONTEXTS", "", "LOGIN")

// siteRows returns the sessions, and the Supervisors that are known from earlier ones.
func siteRows(s *site) (all []row) {
	servers := map[string]bool{}
	for _, one := range s.all {
		servers[one.Server] = true
		if s.only != "" && one.Server != s.only {
			continue
		}
		key := tokens.Key{Server: one.Server, User: one.User}
		all = append(all, row{
			server: one.Server, name: one.Server, resource: one.User, columns: siteColumns,
			cells: []string{one.User, s.tokenOf(key), trustWord(one.Trust.Mode), s.countContexts(one), one.Method},
		})
	}
	for _, server := range s.sessions.Store.SiteServers() {
		known, found, err := s.sessions.Store.Site(server)
		if err == nil && found && known.Known() && !servers[server] && (s.only == "" || s.only == server) {
			all = append(all, row{server: server, name: server, columns: siteColumns, cells: []string{"", "logged out", trustWord(known.Trust.Mode), "", ""}})
		}
	}
	return all
}

// trustWord says how a server is verified.
func trustWord(mode trust.Mode) string {
	if mode == trust.Insecure {
		return "not verified"
	}
	return string(mode)
}

// countContexts returns how many contexts use a session.
func (s *site) countContexts(one tokens.Session) string {
	n := 0
	for key, names := range s.keys {
		if covering := tokens.Covering(s.all, key); len(covering) > 0 && covering[0].ID == one.ID {
			n += names
		}
	}
	return strconv.Itoa(n)
}

func namespaceKind() *kind {
	return &kind{
		name: "namespaces", aliases: []string{"namespace", "ns"}, short: "vSphere Namespaces, and the contexts for them", whole: true,
		sources: []*source{{resource: capiCluster}, {resource: virtualMachine}},
		rows:    namespaceRows,
	}
}

var namespaceColumns = columnsOf("CONTEXT", "CLUSTERS", "VMS", "STATE")

// namespaceRows returns the namespaces that were looked into.
func namespaceRows(r *reading) (all []row) {
	counts := map[string]int{}
	for _, i := range r.items {
		counts[i.place.key.Server+" "+i.Metadata.Namespace+" "+i.source.resource.Plural]++
	}
	seen := map[string]bool{}
	for _, p := range r.places {
		for _, ns := range r.known[p] {
			made := row{server: p.key.Server, name: ns, resource: "namespaces", columns: namespaceColumns}
			if seen[made.key()] {
				continue
			}
			seen[made.key()] = true
			count := func(s *source) string {
				if r.isUnread(p, s.resource, ns) {
					return "?"
				}
				return strconv.Itoa(counts[p.key.Server+" "+ns+" "+s.resource.Plural])
			}
			made.cells = []string{r.contextIn(p, ns), count(r.sources[0]), count(r.sources[1]), r.namespaceState(p, ns)}
			all = append(all, made)
		}
	}
	return all
}

// namespaceState says whether a namespace can be used.
func (r *reading) namespaceState(p *place, ns string) string {
	switch {
	case r.listed[p] != nil && !r.listed[p][ns]:
		return "gone"
	case r.isUnread(p, capiCluster, ns) && r.isUnread(p, virtualMachine, ns):
		return "closed to you, or gone"
	}
	return "open"
}

// contextIn returns the contexts of a namespace for the user of a place.
func (s *site) contextIn(p *place, ns string) string {
	var names []string
	for _, name := range s.contexts[p.key.ID()] {
		if s.config.Contexts[name].Namespace == ns {
			names = append(names, name)
		}
	}
	return s.marked(names)
}

// namespacesOf returns all vSphere Namespaces that contexts lead to.
func (s *site) namespacesOf() []string {
	all := map[string]bool{}
	for _, p := range s.places {
		for _, ns := range p.namespaces {
			all[ns] = true
		}
	}
	return slices.SortedFunc(maps.Keys(all), strings.Compare)
}
