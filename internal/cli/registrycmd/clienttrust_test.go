package registrycmd_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// That a login knows the CA of a registry does not help its clients. It is said, with what to type, until one of the places where they look
// has that CA.
func TestClientsThatDoNotKnowTheCA(t *testing.T) {
	const step = "kubectl vsphere registry ca " + host + " --install"
	r := signedIn(t)
	r.Run("registry", "add", host).Exits(failure.OK).Says("Try: docker push", "warning: docker and podman do not know the CA of "+host, step)
	r.Run("registry", "status").Exits(failure.OK).Says(step)
	r.Run("registry", "status", "-o", "json").Exits(failure.OK).Says(step)
	r.Run("registry", "list").Exits(failure.OK).Omits(step) // It asks nobody.
	for _, dir := range []string{"root/etc/docker/certs.d", "root/etc/containers/certs.d", ".docker/certs.d"} {
		path := filepath.Join(dir, host, "ca.crt")
		r.WriteFile(path, consoletest.NewCA(t, "another").PEM, 0o644)
		r.Run("registry", "status").Exits(failure.OK).Says(step)
		r.WriteFile(filepath.Join(dir, host, "ours.crt"), r.CA.PEM, 0o644)
		r.Run("registry", "status").Exits(failure.OK).Omits(step)
		r.Run("registry", "add", host).Exits(failure.OK).Omits(step)
		if err := os.RemoveAll(filepath.Join(r.Dir, dir, host)); err != nil {
			t.Fatal(err)
		}
	}
	r.Run("registry", "status").Exits(failure.OK).Says(step)
	r.Run("registry", "ca", host, "--install").Exits(failure.OK)
	r.Run("registry", "status").Exits(failure.OK).Omits(step)
	r.Down(host + ":443")
	r.Run("registry", "status").Omits(step)
}
