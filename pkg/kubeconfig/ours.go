package kubeconfig

import (
	"encoding/json"
	"path"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// program is the name under which kubectl finds this plugin.
const program = "kubectl-vsphere"

// Ours tells whether a user entry is one that login wrote, and which credential it is for. What counts is what the
// entry runs or, with a static token, the extension that names the credential; never the entry's name: people rename
// entries, and VMware's plugin uses the same names.
func Ours(u *api.AuthInfo) (credfile.Key, bool) {
	switch {
	case u == nil:
		return credfile.Key{}, false
	case u.Exec == nil:
		return staticKey(u)
	}
	command := path.Base(strings.ReplaceAll(u.Exec.Command, `\`, "/"))
	if strings.TrimSuffix(command, ".exe") != program {
		return credfile.Key{}, false
	}
	return credfile.ParseArgs(u.Exec.Args)
}

// staticFor is the extension of a user entry with a static token, since the entry has no get-token to tell whose it is.
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
	return credfile.ParseArgs(credfile.Key{Server: f.Server, User: f.User, Cluster: f.Cluster}.Args())
}

// prefix begins the user entries of VMware's plugin, wcp:HOST:USER, and ours.
const prefix = "wcp:"

// vmware tells whether a user entry is one of VMware's plugin: its name, and a token with nothing else to log in with.
func vmware(name string, u *api.AuthInfo) bool {
	return strings.HasPrefix(name, prefix) && u != nil && u.Token != "" && u.Exec == nil && u.AuthProvider == nil &&
		u.ClientCertificate == "" && len(u.ClientCertificateData) == 0 && u.Username == ""
}

// Listed tells whether a context belongs in the list that login prints: one of ours or of VMware's plugin.
func Listed(cfg *api.Config, c *api.Context) bool {
	u := cfg.AuthInfos[c.AuthInfo]
	_, ours := Ours(u)
	return ours || vmware(c.AuthInfo, u)
}
