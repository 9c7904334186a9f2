package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A login that is killed while it holds kubectl's lock leaves the old kubeconfig, and keeps nobody out.
func TestKilledWithTheLock(t *testing.T) {
	t.Parallel()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed; .ci/run installs it")
	}
	if err := exec.Command(strace, "-o", os.DevNull, "true").Run(); err != nil {
		t.Skipf("strace may not trace here: %v", err)
	}
	u := newUser(t, "ns1")
	h := newHome(t, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
	h.login(t, u)
	config := filepath.Join(h.dir, ".kube", "config")
	before, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	// At the rename onto the kubeconfig.
	args := []string{"login", "--server", site.Supervisors[0].Server, "-u", u.Username, "--context-prefix", "x-"}
	_, _ = h.run(t, append([]string{strace, "-f", "-o", os.DevNull, "-P", config, "-e", "trace=renameat,rename,renameat2",
		"-e", "inject=renameat,rename,renameat2:error=EIO:signal=SIGKILL", bin + "/kubectl-vsphere"}, args...)...)
	if _, err := os.Lstat(config + ".lock"); err != nil {
		t.Fatalf("it was not killed with the lock: %v", err)
	}
	if after, err := os.ReadFile(config); err != nil || string(after) != string(before) {
		t.Errorf("the kubeconfig is neither old nor new: %v", err)
	}
	out, code := h.run(t, append([]string{"kubectl-vsphere"}, args...)...)
	if code != 0 || !strings.Contains(out, "x-ns1") || !strings.Contains(out, "left there when it was killed") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	left, err := filepath.Glob(filepath.Join(h.dir, ".kube", ".kubectl-vsphere-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left over: %q %v", left, err)
	}
	if out, code := h.run(t, "kubectl", "config", "use-context", "x-ns1"); code != 0 {
		t.Errorf("kubectl: %s", out)
	}
}
