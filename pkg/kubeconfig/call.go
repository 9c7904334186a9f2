package kubeconfig

import (
	"path"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/address"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

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

// parseCall finds the credential in the arguments as a person may have changed them: in any order, and among others.
func parseCall(c Call) (Call, bool) {
	var k credfile.Key
	flags := map[string]*string{"--server": &k.Server, "--user": &k.User, "--cluster": &k.Cluster}
	command := false
	for i := 0; i < len(c.Args); i++ {
		name, value, joined := strings.Cut(c.Args[i], "=")
		field := flags[name]
		switch {
		case c.Args[i] == credfile.Command && !command:
			command = true
		case field != nil && joined:
			*field = value
		case field != nil && i+1 < len(c.Args):
			i++
			*field = c.Args[i]
		default:
			c.More = append(c.More, c.Args[i])
		}
	}
	var ok bool
	if c.Key, ok = canonical(k); !ok || !command {
		return Call{}, false
	}
	return c, true
}

// canonical checks the parts of a key, and spells its server as login does. One that is no address stays as it is: get-token says what is
// wrong with it.
func canonical(k credfile.Key) (credfile.Key, bool) {
	if server, err := address.Canonical(k.Server); err == nil {
		k.Server = server
	}
	return credfile.ParseArgs(k.Args())
}
