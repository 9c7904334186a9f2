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

// Call is how a user entry runs get-token. People change what login wrote: a path, a further flag, kubectl or another
// program in front.
type Call struct {
	Key     credfile.Key
	Program string   // the word that names the program: kubectl-vsphere, or the kubectl that finds it
	Kubectl bool     // it is kubectl
	Args    []string // what follows, from get-token on if nothing was put before it
	More    []string // those of Args that do not name the credential
}

// CallOf reports whether an exec entry runs get-token for a credential.
func CallOf(exec *api.ExecConfig) (Call, bool) {
	words := append([]string{exec.Command}, exec.Args...)
	for i, word := range words {
		switch base := programName(word); {
		case base == program:
			return parseCall(Call{Program: word, Args: words[i+1:]})
		case base == "kubectl" && i+1 < len(words) && words[i+1] == "vsphere":
			return parseCall(Call{Program: word, Kubectl: true, Args: words[i+2:]})
		}
	}
	return Call{}, false
}

// programName is the name of a program without directory and extension. With the extension it is one of Windows, where case does not count.
func programName(word string) string {
	name := path.Base(strings.ReplaceAll(word, `\`, "/"))
	if dot := len(name) - len(".exe"); dot > 0 && strings.EqualFold(name[dot:], ".exe") {
		name = strings.ToLower(name[:dot])
	}
	return name
}

// parseCall finds the credential in the arguments.
func parseCall(c Call) (Call, bool) {
	var ok bool
	c.Key, c.More, ok = credfile.FindArgs(c.Args)
	return c, ok
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
	return credfile.ParseArgs(credfile.Key{Server: f.Server, User: f.User, Cluster: f.Cluster}.Args())
}

// prefix begins the user entries of VMware's plugin, wcp:HOST:USER, and ours.
const prefix = "wcp:"

// vmware reports whether VMware's plugin wrote a user entry: it has such a name, and a token as its only credential.
func vmware(name string, u *api.AuthInfo) bool {
	return strings.HasPrefix(name, prefix) && u != nil && u.Token != "" && u.Exec == nil && u.AuthProvider == nil &&
		u.ClientCertificate == "" && len(u.ClientCertificateData) == 0 && u.Username == ""
}

// named reports whether a user entry has a name that Plan gives for a target: VMware's plugin gives the first of them.
func named(name string, t Target) bool {
	for _, entry := range t.entryNames() {
		if credfile.Fold(name) == credfile.Fold(prefix+entry+":"+t.Key.User) {
			return true
		}
	}
	return false
}

// Listed reports whether a context belongs in the list that login prints: its user entry is ours or VMware's plugin's.
func Listed(cfg *api.Config, c *api.Context) bool {
	u := cfg.AuthInfos[c.AuthInfo]
	_, ours := Ours(u)
	return ours || vmware(c.AuthInfo, u)
}
