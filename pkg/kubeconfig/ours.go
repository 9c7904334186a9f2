package kubeconfig

import (
	"encoding/json"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// program is the name under which kubectl finds this plugin.
const program = "kubectl-vsphere"

// Ours reports whether login wrote a user entry, and for which credential. It looks at the command that the entry runs
// or, with a static token, at the extension that names the credential. It does not look at the entry's name: people
// rename entries, and VMware's plugin uses the same names. A nil entry is not ours.
func Ours(u *api.AuthInfo) (credfile.Key, bool) {
	switch {
	case u == nil:
		return credfile.Key{}, false
	case u.Exec == nil:
		return staticKey(u)
	}
	call, ok := CallOf(u.Exec)
	return call.Key, ok
}

// staticFor is the extension of a user entry with a static token, which has no command that says whose token it is.
type staticFor struct {
	Cluster string `json:"cluster,omitempty"`
	Server  string `json:"server"`
	User    string `json:"user"`
}

// markStatic adds the extension; program is its name.
func markStatic(u *api.AuthInfo, key credfile.Key) {
	text, _ := json.Marshal(staticFor{Server: key.Server, User: key.User, Cluster: key.Cluster}) // Strings always marshal.
	if u.Extensions == nil {
		u.Extensions = map[string]runtime.Object{}
	}
	u.Extensions[program] = &runtime.Unknown{Raw: text, ContentType: runtime.ContentTypeJSON}
}

func staticKey(u *api.AuthInfo) (credfile.Key, bool) {
	extension, ok := u.Extensions[program].(*runtime.Unknown)
	if !ok || u.Token == "" {
		return credfile.Key{}, false
	}
	var f staticFor
	if json.Unmarshal(extension.Raw, &f) != nil {
		return credfile.Key{}, false
	}
	return canonical(credfile.Key{Server: f.Server, User: f.User, Cluster: f.Cluster})
}

// prefix begins the user entries of VMware's plugin, wcp:HOST:USER, and ours.
const prefix = "wcp:"

// vmware reports whether VMware's plugin wrote a user entry: it has such a name, and a token as its only credential.
func vmware(name string, u *api.AuthInfo) bool {
	return strings.HasPrefix(name, prefix) && u != nil && u.Token != "" && u.Exec == nil && u.AuthProvider == nil &&
		u.ClientCertificate == "" && len(u.ClientCertificateData) == 0 && u.Username == ""
}

// userNames returns the names, folded, that Plan gives to a user entry of a target: VMware's plugin gives the first of them. There is one
// for each spelling of the user.
func (p *planner) userNames(t Target) (all []string) {
	for _, user := range append([]string{t.Key.User}, p.Spellings...) {
		for _, entry := range t.entryNames() {
			if name := credfile.Fold(prefix + entry + ":" + user); !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	return all
}

// Listed reports whether a context belongs in the list that login prints: its user entry is ours or VMware's plugin's.
func Listed(cfg *api.Config, c *api.Context) bool {
	u := cfg.AuthInfos[c.AuthInfo]
	_, ours := Ours(u)
	return ours || vmware(c.AuthInfo, u)
}
