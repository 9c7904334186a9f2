package kubeconfig

import (
	"os"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded/boundedyaml"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// A user entry that somebody else made stays, whatever its name.
func TestPlanLeavesUsersOfOthers(t *testing.T) {
	ours := func(user string) []string { return credfile.Key{Server: "10.0.0.1", User: user}.Args() }
	for name, foreign := range map[string]api.AuthInfo{
		"a password":      {Username: "a", Password: "b"},
		"a certificate":   {ClientCertificateData: []byte("c"), ClientKeyData: []byte("k")},
		"another program": {Exec: &api.ExecConfig{Command: "other", Args: ours("a@b")}},
		"another user":    {Exec: &api.ExecConfig{Command: "kubectl-vsphere", Args: ours("c@d")}},
	} {
		cfg := api.NewConfig()
		cfg.AuthInfos["wcp:10.0.0.1:a@b"] = foreign.DeepCopy()
		p := Plan(cfg, command, []Wanted{supervisor("10.0.0.1", "a@b")})
		if len(p.Change.Users) != 1 || p.Change.Users[0].Name != "wcp:10.0.0.1:6443:a@b" {
			t.Errorf("%s: %+v", name, p.Change.Users)
		}
	}
}

// A current context that is not there is another program's, and stays.
func TestRemoveLeavesAnotherCurrentContext(t *testing.T) {
	cfg, _ := apply(t, api.NewConfig(), supervisor("10.0.0.1", "a@b"))
	cfg.CurrentContext = "elsewhere"
	if change := Remove(cfg, func(string, *api.AuthInfo) bool { return true }); change.CurrentContext != nil {
		t.Errorf("it becomes %q", *change.CurrentContext)
	}
}

func TestAHugeFileIsRefused(t *testing.T) {
	f := files(t, "config")
	write(t, f.Paths[0], small, 0o600)
	if err := os.Truncate(f.Paths[0], boundedyaml.MaxFile+1); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Load(); err == nil || !strings.Contains(err.Error(), "larger than 20 MiB") {
		t.Errorf("%v", err)
	}
}
