package kubeconfig_test

import (
	"testing"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// A context with our credential and a person's own way to the server, such as a tunnel, stays as it is. Without another one, login writes
// a new context.
func TestTunnelsStay(t *testing.T) {
	for _, beside := range []bool{true, false} {
		old := api.NewConfig()
		ours := api.NewAuthInfo()
		ours.Exec = &api.ExecConfig{
			Command: "kubectl-vsphere", Args: []string{"get-token", "--server", "10.0.0.1", "--user", "dev@vsphere.local"},
			APIVersion: credfile.V1, InteractiveMode: api.IfAvailableExecInteractiveMode,
		}
		old.AuthInfos["mine"] = ours
		old.Clusters["tunnel"] = &api.Cluster{Server: "https://localhost:8443", TLSServerName: "10.0.0.1"}
		old.Contexts["a-tunnel"] = &api.Context{Cluster: "tunnel", AuthInfo: "mine"}
		if beside {
			old.Clusters["10.0.0.1"] = &api.Cluster{Server: "https://10.0.0.1:6443"}
			old.Contexts["prod"] = &api.Context{Cluster: "10.0.0.1", AuthInfo: "mine"}
		}
		key := credfile.Key{Server: "10.0.0.1", User: "dev@vsphere.local"}
		p := kubeconfig.Plan(old, kubeconfig.Options{Command: "kubectl-vsphere"},
			[]kubeconfig.Wanted{{Name: "10.0.0.1", Target: kubeconfig.Target{Key: key, Server: "https://10.0.0.1:6443"}}})
		for _, c := range p.Change.Contexts {
			if c.Name == "a-tunnel" {
				t.Errorf("beside %t: it is at %s now", beside, c.Context.Cluster)
			}
		}
		if want := map[bool]string{true: "prod", false: "10.0.0.1"}[beside]; p.Names[0] != want {
			t.Errorf("beside %t: %q, want %q", beside, p.Names, want)
		}
	}
}
