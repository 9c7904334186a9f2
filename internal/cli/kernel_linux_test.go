package cli_test

import (
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// Where only the kernel makes files, no change of modes and no new directory helps. This is said before the password is sent.
func TestPlacesOfTheKernel(t *testing.T) {
	const wrong = "writable"
	for _, place := range []string{"/proc/x", "/sys/x", "/proc/self/x/y"} {
		w, s := clitest.Site(t)
		w.Vars[failure.PasswordVariable] = consoletest.Password
		w.Vars["KUBECONFIG"] = place
		w.Run(clitest.SignIn(w)...).Exits(failure.Failed).Says("kubeconfig "+place, "no program can make files in", "name another file with KUBECONFIG").Omits(wrong, "mkdir", "symbolic link")
		w.Vars["KUBECONFIG"] = w.Kubeconfig()
		w.Vars[credfile.HomeVariable] = place
		w.Run(clitest.SignIn(w)...).Exits(failure.Failed).Says("No program can make files there: set "+credfile.HomeVariable).Omits("Make "+place, "mkdir -p")
		if n := s.Count("GET /wcp/workloads"); n != 0 {
			t.Errorf("%s: the password was sent %d times", place, n)
		}
	}
}
