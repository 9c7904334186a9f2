package kubeconfig

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/clientcmd/api"

	site "github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// servers are spellings of a server by that of login.
var servers = map[string][]string{
	"10.0.0.1":       {"10.0.0.1:443", "https://10.0.0.1/", "HTTPS://10.0.0.1:443", "[::ffff:10.0.0.1]", "::FFFF:10.0.0.1", "https://10.0.0.1/ui/"},
	"sup.example":    {"SUP.example", "sup.example.", "https://Sup.Example.:443/"},
	"fd00::1":        {"[FD00:0:0::1]", "FD00:0:0:0:0:0:0:1", "https://[fd00::1]:443/"},
	"fd00::1:443":    {"FD00:0::1:443", "[fd00::1:443]:443"}, // A group, and no port.
	"[fd00::1]:8443": {"https://[FD00::0:1]:8443/"},
}

// entryOf is a user entry of ours for a server as somebody has spelled it.
func entryOf(server string) *api.AuthInfo {
	key := credfile.Key{Server: server, User: "a@b"}
	return &api.AuthInfo{Exec: &api.ExecConfig{Command: "kubectl-vsphere", Args: key.Args(), APIVersion: credfile.V1, InteractiveMode: api.IfAvailableExecInteractiveMode}}
}

// staticEntryOf is one with a static token.
func staticEntryOf(server string) *api.AuthInfo {
	text, _ := json.Marshal(staticFor{Server: server, User: "a@b"})
	return &api.AuthInfo{Token: "t", Extensions: map[string]runtime.Object{program: &runtime.Unknown{Raw: text}}}
}

// However the server of an entry is spelled, the entry is that of the login: there is no second set of contexts, and kubectl's call has the
// spelling that is answered at once.
func TestEntryWithAnotherSpellingOfTheServer(t *testing.T) {
	for server, spelled := range servers {
		for _, s := range append(spelled, server) {
			for _, u := range []*api.AuthInfo{entryOf(s), staticEntryOf(s)} {
				key, ours := Ours(u)
				if !ours || key.Server != server {
					t.Errorf("%q: %+v %v", s, key, ours)
				}
				cfg := api.NewConfig()
				cfg.AuthInfos["me"], cfg.CurrentContext = u, "mine"
				cfg.Contexts["mine"] = &api.Context{Cluster: "there", AuthInfo: "me"}
				cfg.Clusters["there"] = &api.Cluster{Server: "https://10.0.0.9:6443/"}
				w := Wanted{Name: "x", Target: Target{Key: key, Server: "https://10.0.0.9:6443"}}
				keeps := func(*api.ExecConfig) (bool, bool) { return true, s == server }
				p := Plan(cfg, Options{Command: command, Keeps: keeps}, []Wanted{w})
				if p.Names[0] != "mine" || len(p.Change.Clusters) > 1 || len(p.Change.Users) > 0 && p.Change.Users[0].Name != "me" {
					t.Errorf("%q: %+v", s, p)
				}
			}
		}
	}
}

// A path in a cluster entry is a person's own way to a server, through a proxy of theirs: it is not what login would write.
func TestSameURL(t *testing.T) {
	const ours = "https://10.0.0.1:6443"
	for there, want := range map[string]bool{
		ours: true, ours + "/": true, "https://[::ffff:10.0.0.1]:6443": true, ours + "/k8s/clusters/c1": false, ours + "?c=1": false, ours + "#c": false,
		"http://10.0.0.1:6443": false, "https://10.0.0.1": false, "https://u@10.0.0.1:6443": false, "": false,
	} {
		if sameURL(there, ours) != want || sameURL(ours, there) != want {
			t.Errorf("%q: want %t", there, want)
		}
	}
}

// FuzzServer: an entry is for the server that login and get-token read in the same words.
func FuzzServer(f *testing.F) {
	for server, spelled := range servers {
		f.Add(server)
		for _, s := range spelled {
			f.Add(s)
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return // No kubeconfig has such text.
		}
		want := s
		if a, err := site.ParseTyped(s); err == nil {
			want = a.String()
		}
		for _, u := range []*api.AuthInfo{entryOf(s), staticEntryOf(s)} {
			key, ours := Ours(u)
			if ours != (s != "") || ours && key.Server != want {
				t.Fatalf("%q: %+v %v, want %q", s, key, ours, want)
			}
		}
	})
}
