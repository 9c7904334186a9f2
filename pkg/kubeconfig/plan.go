package kubeconfig

import (
	"maps"
	"slices"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// Target is one account at one API server.
type Target struct {
	Key      credfile.Key  // the credential; its arguments are those of get-token
	Server   string        // https://HOST:PORT of the API server
	CA       []byte        // PEM; empty: the system's roots verify the server
	Name     string        // the name in the server's certificate, if it is not the host of Server
	Insecure bool          // the server's certificate is not verified; CA must be empty
	Site     string        // what a person calls the server; empty: nothing. It tells contexts apart
	Token    redact.Secret // a static token, written into the file; empty: kubectl runs get-token

	names []string // entryNames, once they are known: they take a hash of the CA
}

// Wanted is a context that login writes.
type Wanted struct {
	Name      string // the preferred name, without a prefix
	Namespace string // empty: the context gets none, and keeps one that the user has set
	Target    Target
	Current   bool // becomes the current context; at most one
}

// Options are how the entries of a plan look.
type Options struct {
	Command string // the program that kubectl runs for a token
	// Keeps reports whether the program of an existing user entry of ours stays as it is, and whether its arguments can
	// stay with it; nil: neither.
	Keeps func(exec *api.ExecConfig) (program, arguments bool)
	// APIVersion is that of the ExecCredential; empty: entries keep theirs, and new ones get v1.
	APIVersion string

	// Own returns a credential under the name that its session has for the user: an entry may spell that in another way. nil: as it is.
	Own func(credfile.Key) credfile.Key
	// Spellings are names of the login's user, by which VMware's plugin, or an earlier login, may have named a user entry.
	Spellings []string

	Prefix string // of the names of new contexts, if the login's contexts have none in common
	// Rename says that the prefix was asked for: contexts of the login that have another one get new names.
	Rename bool
}

// Planned is the result of Plan.
type Planned struct {
	Change  Change
	Names   []string // the name that each wanted context gets; empty if every candidate is taken
	Current string   // the current context after the change
}

// Plan works out the change that puts the wanted contexts into a kubeconfig, the merged view of all files. It never
// changes an entry of another target. A context that is there for the same credential and namespace stays, whatever its
// name; so do the names of its cluster and user. A new one is called NAME, NAME-SITE if the server has a name, NAME-HOST or
// NAME-HOST-USER, and HOST-USER if NAME is HOST; its cluster and user are named for HOST, HOST:PORT or HOST-<6 hex digits
// of the CA's SHA-256>.
//
// The current context becomes the wanted one with Current. Without one it stays if it is for a wanted credential and
// namespace, else it becomes the first of the wanted contexts.
func Plan(old *api.Config, o Options, wanted []Wanted) Planned {
	p := newPlanner(old, o)
	wanted = slices.Clone(wanted)
	for i := range wanted {
		wanted[i].Target.names = wanted[i].Target.entryNames()
	}
	m := p.match(wanted)
	var out Planned
	for i, w := range wanted {
		out.Names = append(out.Names, p.context(w, m.found[i], m.renames[i]))
	}
	p.respell(wanted)
	out.Current = p.currentAfter(wanted, out.Names)
	out.Change = difference(old, p.now)
	if out.Current != old.CurrentContext {
		out.Change.CurrentContext = &out.Current
	}
	return out
}

// respell has all user entries of the wanted credentials call them by the login's spelling, which is answered at once.
func (p *planner) respell(wanted []Wanted) {
	targets := map[string]Target{}
	for _, w := range wanted {
		targets[w.Target.Key.ID()] = w.Target
	}
	for name, u := range p.now.AuthInfos {
		key, ours := Ours(u)
		if own, _ := p.ours(u); ours && !own.Same(key) {
			if t, there := targets[own.ID()]; there {
				p.now.AuthInfos[name] = p.user(t, u)
			}
		}
	}
}

// ours is Ours, with the credential as its session spells it.
func (p *planner) ours(u *api.AuthInfo) (credfile.Key, bool) {
	key, ours := Ours(u)
	if ours && p.Own != nil {
		key = p.Own(key)
	}
	return key, ours
}

func (p *planner) currentAfter(wanted []Wanted, names []string) string {
	for i, w := range wanted {
		if w.Current && names[i] != "" {
			return names[i]
		}
	}
	current := p.old.CurrentContext
	if now, renamed := p.renamed[current]; renamed {
		return now
	}
	if c := p.old.Contexts[current]; slices.Contains(names, current) && current != "" || c != nil && slices.ContainsFunc(wanted, func(w Wanted) bool { return p.fitsInNamespace(c, w) }) {
		return current
	}
	for _, name := range names {
		if name != "" {
			return name
		}
	}
	return current
}

// planner adds one wanted context after the other: each sees the names that the earlier ones have taken.
type planner struct {
	Options

	now, old *api.Config
	folded   map[string]string       // names of user entries by their case-folded form
	users    map[string]string       // names of our user entries by the ID of their credential
	claimed  map[string]credfile.Key // cluster entries that this plan has written, with their server and cluster
	renamed  map[string]string       // contexts that get a new name
}

func newPlanner(old *api.Config, o Options) *planner {
	p := &planner{
		Options: o, now: old.DeepCopy(), old: old, folded: map[string]string{}, users: map[string]string{},
		claimed: map[string]credfile.Key{}, renamed: map[string]string{},
	}
	for _, name := range slices.Sorted(maps.Keys(old.AuthInfos)) {
		p.addUser(name)
	}
	return p
}

// context writes a wanted context with its cluster and user, and returns its name. found is the name of the context that
// is there for it, or empty; with rename it gets a new one.
func (p *planner) context(w Wanted, found string, rename bool) string {
	entry, user, ok := p.entries(w.Target, p.old.Contexts[found])
	if !ok {
		return ""
	}
	name := found
	if found == "" || rename {
		if name, ok = p.freeName(w); !ok {
			return ""
		}
	}
	if rename {
		delete(p.now.Contexts, found)
		p.renamed[found] = name
	}
	c := copyOrNew(p.old.Contexts[found])
	c.Cluster, c.AuthInfo = entry, user
	if w.Namespace != "" {
		c.Namespace = w.Namespace
	}
	p.now.Contexts[name] = c
	p.now.Clusters[entry] = w.Target.cluster(p.now.Clusters[entry])
	p.now.AuthInfos[user] = p.user(w.Target, p.now.AuthInfos[user])
	p.addUser(user)
	p.claimed[entry] = w.Target.Key
	return name
}
