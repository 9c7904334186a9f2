package kubeconfig

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"maps"
	"net/url"
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/address"
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
	Token    redact.Secret // a static token, written into the file; empty: kubectl runs get-token
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
// name; so do the names of its cluster and user. A new one is called NAME, NAME-HOST or NAME-HOST-USER, and HOST-USER if
// NAME is HOST; its cluster and user are named for HOST, HOST:PORT or HOST-<6 hex digits of the CA's SHA-256>.
//
// The current context becomes the wanted one with Current. Without one it stays if it is for a wanted credential and
// namespace, else it becomes the first of the wanted contexts.
func Plan(old *api.Config, o Options, wanted []Wanted) Planned {
	p := newPlanner(old, o)
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

// entries finds the names of the cluster and user entries. What the existing context c names stays where it is: its user
// if that is ours for the credential, its cluster if that is as it should be. c may be nil.
func (p *planner) entries(t Target, c *api.Context) (cluster, user string, ok bool) {
	if c != nil {
		if key, ours := p.ours(p.now.AuthInfos[c.AuthInfo]); ours && key.Same(t.Key) {
			user = c.AuthInfo
		}
		if entry := p.now.Clusters[c.Cluster]; user != "" && entry != nil && p.clusterFits(c.Cluster, t) && sameCluster(entry, t) {
			return c.Cluster, user, true
		}
	}
	for _, name := range t.entryNames() {
		use := user
		if use == "" {
			use = p.userFor(name, t)
		}
		if p.clusterFits(name, t) && p.userFits(use, t) {
			return name, use, true
		}
	}
	return "", "", false
}

// userFor is the name of the user entry for a target at a cluster entry: the usual name, that of an entry which a person renamed, or that
// of VMware's plugin for another spelling of the user.
func (p *planner) userFor(entry string, t Target) string {
	usual := p.existingUser(prefix + entry + ":" + t.Key.User)
	if p.now.AuthInfos[usual] != nil {
		return usual
	}
	if other, there := p.users[t.Key.ID()]; there {
		return other
	}
	for _, user := range p.Spellings {
		if name := p.existingUser(prefix + entry + ":" + user); vmware(name, p.now.AuthInfos[name]) {
			return name
		}
	}
	return usual
}

// entryNames are the candidates for the cluster entry.
func (t Target) entryNames() []string {
	host, hostPort := t.Server, t.Server
	if u, err := url.Parse(t.Server); err == nil {
		host, hostPort = u.Hostname(), u.Host
	}
	return []string{host, hostPort, host + "-" + shortHash(t.CA)}
}

// shortHash is 6 hex digits of the SHA-256 of the first certificate.
func shortHash(ca []byte) string {
	if block, _ := pem.Decode(ca); block != nil {
		ca = block.Bytes
	}
	sum := sha256.Sum256(ca)
	return hex.EncodeToString(sum[:3])
}

// existingUser is the name of the user entry that differs in case only, else name itself: for vCenter they are the same.
func (p *planner) existingUser(name string) string {
	if p.now.AuthInfos[name] != nil {
		return name
	}
	if existing, ok := p.folded[credfile.Fold(name)]; ok {
		return existing
	}
	return name
}

// addUser makes a user entry known to existingUser and userFor. Of several names that differ in case only, and of several
// entries for one credential, the first counts.
func (p *planner) addUser(name string) {
	if key, ours := p.ours(p.now.AuthInfos[name]); ours && p.users[key.ID()] == "" {
		p.users[key.ID()] = name
	}
	if folded := credfile.Fold(name); p.folded[folded] == "" {
		p.folded[folded] = name
	}
}

// clusterFits reports whether a cluster entry is free or for the same API server.
func (p *planner) clusterFits(name string, t Target) bool {
	c := p.now.Clusters[name]
	if c == nil {
		return true
	}
	if key, mine := p.claimed[name]; mine {
		return sameServer(key, t.Key)
	}
	return sameCluster(c, t) || p.onlyUsedFor(name, t)
}

// sameURL reports whether two URLs are of one server, however each spells it.
func sameURL(a, b string) bool {
	x, errX := address.Canonical(a)
	y, errY := address.Canonical(b)
	return a == b || errX == nil && errY == nil && x == y && strings.HasPrefix(a, "https:") == strings.HasPrefix(b, "https:")
}

func sameServer(a, b credfile.Key) bool { return a.Server == b.Server && a.Cluster == b.Cluster }

// sameCluster reports whether an entry already is what we would write.
func sameCluster(c *api.Cluster, t Target) bool {
	return sameURL(c.Server, t.Server) && string(c.CertificateAuthorityData) == string(t.CA) && c.InsecureSkipTLSVerify == t.Insecure &&
		(t.Name == "" || c.TLSServerName == t.Name) && c.CertificateAuthority == ""
}

// onlyUsedFor reports whether all users of a cluster entry are ours, for the same API server, or VMware's plugin's at the
// same address. An unused entry is not.
func (p *planner) onlyUsedFor(name string, t Target) bool {
	used := false
	for _, c := range p.old.Contexts {
		if c.Cluster != name {
			continue
		}
		used = true
		u := p.old.AuthInfos[c.AuthInfo]
		key, ours := Ours(u)
		adopted := vmware(c.AuthInfo, u) && sameURL(p.old.Clusters[name].Server, t.Server)
		if !adopted && (!ours || !sameServer(key, t.Key)) {
			return false
		}
	}
	return used
}

// userFits reports whether a user entry is free, for the same credential, or VMware's plugin's for the same server.
func (p *planner) userFits(name string, t Target) bool {
	u := p.now.AuthInfos[name]
	if u == nil {
		return true
	}
	key, ours := p.ours(u)
	return ours && key.Same(t.Key) || vmware(name, u)
}

// cluster makes the cluster entry. It keeps what a user added to the old one (a proxy, a TLS server name).
func (t Target) cluster(old *api.Cluster) *api.Cluster {
	c := copyOrNew(old)
	c.Server, c.CertificateAuthorityData, c.InsecureSkipTLSVerify = t.Server, t.CA, t.Insecure
	c.CertificateAuthority = ""
	if t.Name != "" {
		c.TLSServerName = t.Name
	}
	if len(c.CertificateAuthorityData) == 0 {
		c.CertificateAuthorityData = nil
	}
	return c
}

// installHint is what kubectl shows when it does not find the program.
const installHint = "kubectl-vsphere gets the token for this context.\nInstall it from https://github.com/kubectl-vsphere/kubectl-vsphere"

// user makes the user entry, with a static token or an exec block and no other way to log in: client-go would use that one, or
// refuse the entry. What a person set in the exec block stays if it works.
func (p *planner) user(t Target, old *api.AuthInfo) *api.AuthInfo {
	u := copyOrNew(old)
	clearLogins(u)
	if t.Token != "" {
		u.Token, u.Exec = t.Token.Reveal(), nil
		markStatic(u, t.Key)
		return u
	}
	delete(u.Extensions, program)
	exec := u.Exec
	if exec == nil {
		exec = &api.ExecConfig{InstallHint: installHint}
	}
	exec.Command, exec.Args = p.call(exec, t.Key)
	switch {
	case p.APIVersion != "":
		exec.APIVersion = p.APIVersion
	case exec.APIVersion != credfile.V1 && exec.APIVersion != credfile.V1beta1:
		exec.APIVersion = credfile.V1
	}
	switch exec.InteractiveMode {
	case api.NeverExecInteractiveMode, api.IfAvailableExecInteractiveMode, api.AlwaysExecInteractiveMode:
	default:
		exec.InteractiveMode = api.IfAvailableExecInteractiveMode
	}
	u.Exec = exec
	return u
}

// call returns the command of an exec block and its arguments. old may be new and empty.
func (p *planner) call(old *api.ExecConfig, key credfile.Key) (command string, args []string) {
	call, ours := CallOf(old)
	if !ours || p.Keeps == nil {
		return p.Command, key.Args()
	}
	program, arguments := p.Keeps(old)
	arguments = arguments && call.Key.Same(key)
	switch {
	case program && arguments:
		return old.Command, old.Args
	case program:
		before := old.Args[:len(old.Args)-len(call.Args)] // What runs the program.
		return old.Command, append(slices.Clone(before), key.Args()...)
	case arguments && call.Program == old.Command && !call.Kubectl:
		return p.Command, old.Args
	}
	return p.Command, key.Args()
}

// copyOrNew copies an entry, or makes an empty one from nil.
func copyOrNew[T any, P interface {
	*T
	DeepCopy() *T
}](old P) P {
	if old == nil {
		return new(T)
	}
	return old.DeepCopy()
}
