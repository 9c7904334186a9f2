package kubeconfig

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"net/url"
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/address"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

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
	if t.names != nil {
		return t.names
	}
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

// sameURL reports whether two URLs without a path are of one server, however each spells it.
func sameURL(a, b string) bool {
	hostA, portA, errA := address.Parse(a)
	hostB, portB, errB := address.Parse(b)
	return a == b || errA == nil && errB == nil && hostA == hostB && portA == portB && strings.HasPrefix(a, "https:") == strings.HasPrefix(b, "https:")
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
