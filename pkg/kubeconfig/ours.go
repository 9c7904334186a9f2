package kubeconfig

import (
	"path"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/hit"
)

// program is the name under which kubectl finds this plugin.
const program = "kubectl-vsphere"

// Ours tells whether a user entry is one that login wrote, and which credential it is for. What counts is what the
// entry runs, never its name: people rename entries, and VMware's plugin uses the same names.
func Ours(u *api.AuthInfo) (hit.Key, bool) {
	if u == nil || u.Exec == nil {
		return hit.Key{}, false
	}
	command := path.Base(strings.ReplaceAll(u.Exec.Command, `\`, "/"))
	if strings.TrimSuffix(command, ".exe") != program {
		return hit.Key{}, false
	}
	return hit.ParseArgs(u.Exec.Args)
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
