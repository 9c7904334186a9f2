package cli_test

import (
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk/disktest"
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
		home := w.Vars[credfile.HomeVariable]
		w.Vars[credfile.HomeVariable] = place
		w.Run(clitest.SignIn(w)...).Exits(failure.Failed).Says("Set "+credfile.HomeVariable+" to another directory: no program can make files in "+place).Omits("Make "+place, "mkdir -p")
		if n := s.Count("GET /wcp/workloads"); n != 0 {
			t.Errorf("%s: the password was sent %d times", place, n)
		}
		w.Vars[credfile.HomeVariable] = home
		w.Vars["DOCKER_CONFIG"] = place
		w.Run("registry", "configure", "r.example.com").Exits(failure.Failed).Says(place+"/config.json cannot be used: no program can make files in "+place, "set DOCKER_CONFIG to another place").Omits("mkdir", wrong)
		delete(w.Vars, "DOCKER_CONFIG")
	}
}

// A file system that is mounted read-only is not to be made writable: another place is.
func TestAReadOnlyMount(t *testing.T) {
	if !disktest.Mounts(t) {
		return
	}
	w, s := clitest.Site(t)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	place := t.TempDir()
	disktest.Mount(t, place, "-t", "tmpfs", "-o", "ro,mode=700", "none")
	const wrong = "writable"
	says := "the file system of " + place + " is mounted read-only"
	w.Vars["KUBECONFIG"] = place + "/config"
	w.Run(clitest.SignIn(w)...).Exits(failure.Failed).Says("kubeconfig "+place+"/config", says, "name another file with KUBECONFIG").Omits(wrong)
	w.Vars["KUBECONFIG"] = w.Kubeconfig()
	w.Vars["DOCKER_CONFIG"] = place
	w.Run("registry", "configure", "r.example.com").Exits(failure.Failed).Says(says, "set DOCKER_CONFIG to another place").Omits(wrong)
	w.Vars[credfile.HomeVariable] = place
	w.Run(clitest.SignIn(w)...).Exits(failure.Failed).Says("Set "+credfile.HomeVariable+" to another directory: "+says).Omits(wrong, "mkdir")
	if n := s.Count("GET /wcp/workloads"); n != 0 {
		t.Errorf("the password was sent %d times", n)
	}
}
