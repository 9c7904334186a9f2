package kubeconfig

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"maps"
	"net/url"
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
	Token    redact.Secret // a static token, written into the file; empty: kubectl runs get-token
}

// Wanted is a context that login writes.
type Wanted struct {
	Name      string // the preferred name
	Namespace string // empty: the context gets none, and keeps one that the user has set
	Target    Target
	Current   bool // becomes the current context; at most one
}

// Planned is the result of Plan.
type Planned struct {
	Change  Change
	Names   []string // the name that each wanted context gets; empty if every candidate is taken
	Current string   // the current context after the change
}

// Plan works out the change that puts the wanted contexts into a kubeconfig, the merged view of all files. It never
// changes an entry of another target. A context is called NAME, NAME-HOST or NAME-HOST-USER; its cluster and user are
// named for HOST, HOST:PORT or HOST-<6 hex digits of the CA's SHA-256>. A name that the same target has already comes
// first, then the first free one.
//
// The current context becomes the wanted one with Current. Without one it stays if it is one of the wanted contexts,
// else it becomes the first of them. command is the program that kubectl runs for a token.
func Plan(old *api.Config, command string, wanted []Wanted) Planned {
	p := &planner{now: old.DeepCopy(), old: old, command: command, folded: map[string]string{}, claimed: map[string]credfile.Key{}, taken: map[string]bool{}}
	for _, name := range slices.Sorted(maps.Keys(old.AuthInfos)) {
		p.addUser(name)
	}
	var out Planned
	for _, w := range wanted {
		out.Names = append(out.Names, p.context(w))
	}
	out.Current = currentAfter(old.CurrentContext, wanted, out.Names)
	out.Change = difference(old, p.now)
	if out.Current != old.CurrentContext {
		out.Change.CurrentContext = &out.Current
	}
	return out
}

func currentAfter(current string, wanted []Wanted, names []string) string {
	for i, w := range wanted {
		if w.Current && names[i] != "" {
			return names[i]
		}
	}
	if current != "" && slices.Contains(names, current) {
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
	now, old *api.Config
	command  string
	folded   map[string]string       // names of user entries by their case-folded form
	claimed  map[string]credfile.Key // cluster entries that this plan has written, with their server and cluster
	taken    map[string]bool         // contexts that this plan has written
}

// context writes a wanted context with its cluster and user, and returns its name.
func (p *planner) context(w Wanted) string {
	entry, user, ok := p.entries(w.Target)
	if !ok {
		return ""
	}
	name, ok := p.contextName(w, user)
	if !ok {
		return ""
	}
	c := copyOrNew(p.old.Contexts[name])
	c.Cluster, c.AuthInfo = entry, user
	if w.Namespace != "" {
		c.Namespace = w.Namespace
	}
	p.now.Contexts[name] = c
	p.now.Clusters[entry] = w.Target.cluster(p.now.Clusters[entry])
	p.now.AuthInfos[user] = w.Target.user(p.now.AuthInfos[user], p.command)
	p.addUser(user)
	p.claimed[entry] = w.Target.Key
	p.taken[name] = true
	return name
}

// entries finds the names of the cluster and user entries.
func (p *planner) entries(t Target) (cluster, user string, ok bool) {
	for _, name := range t.entryNames() {
		user := p.existingUser(prefix + name + ":" + t.Key.User)
		if p.clusterFits(name, t) && p.userFits(user, t) {
			return name, user, true
		}
	}
	return "", "", false
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

// addUser makes a user entry known to existingUser. Of several names that differ in case only, the first counts.
func (p *planner) addUser(name string) {
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

func sameServer(a, b credfile.Key) bool { return a.Server == b.Server && a.Cluster == b.Cluster }

// sameCluster reports whether an entry already is what we would write.
func sameCluster(c *api.Cluster, t Target) bool {
	return c.Server == t.Server && string(c.CertificateAuthorityData) == string(t.CA) && c.InsecureSkipTLSVerify == t.Insecure &&
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
		adopted := vmware(c.AuthInfo, u) && p.old.Clusters[name].Server == t.Server
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
	key, ours := Ours(u)
	return ours && key.Same(t.Key) || vmware(name, u)
}

// contextName picks the name: the one that the same target has already, else the first free one.
func (p *planner) contextName(w Wanted, user string) (string, bool) {
	host := w.Target.entryNames()[0]
	candidates := []string{w.Name, w.Name + "-" + host, w.Name + "-" + host + "-" + w.Target.Key.User}
	for _, name := range candidates {
		if c := p.old.Contexts[name]; c != nil && !p.taken[name] && p.contextFits(c, w, user) {
			return name, true
		}
	}
	for _, name := range candidates {
		if p.now.Contexts[name] == nil {
			return name, true
		}
	}
	return "", false
}

// contextFits reports whether an existing context is for the same target: the same credential, ours or VMware's.
func (p *planner) contextFits(c *api.Context, w Wanted, user string) bool {
	u := p.old.AuthInfos[c.AuthInfo]
	if key, ours := Ours(u); ours {
		return key.Same(w.Target.Key)
	}
	return vmware(c.AuthInfo, u) && c.AuthInfo == user
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

// user makes the user entry, with a static token or an exec block: client-go would use the token if it had both.
func (t Target) user(old *api.AuthInfo, command string) *api.AuthInfo {
	u := copyOrNew(old)
	u.Token, u.TokenFile = t.Token.Reveal(), ""
	if t.Token != "" {
		u.Exec = nil
		markStatic(u, t.Key)
		return u
	}
	delete(u.Extensions, program)
	exec := &api.ExecConfig{
		APIVersion:      credfile.V1,
		Command:         command,
		Args:            t.Key.Args(),
		InstallHint:     installHint,
		InteractiveMode: api.IfAvailableExecInteractiveMode,
	}
	if u.Exec != nil {
		exec.Env, exec.ProvideClusterInfo = u.Exec.Env, u.Exec.ProvideClusterInfo
	}
	u.Exec = exec
	return u
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
