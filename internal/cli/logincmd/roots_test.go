package logincmd_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest/vcentertest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// A Supervisor that only SSL_CERT_FILE of this shell verifies: that is said, since kubectl in another shell does not have the CA. It is not
// kept: whoever sets the variable once would have it count for good.
// Package crypto/x509 reads the variable once in a process, so this runs in one of its own.
func TestRootsOfThisShell(t *testing.T) {
	const inside = "KUBECTL_VSPHERE_TEST_ROOTS"
	if os.Getenv(inside) == "" {
		c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRootsOfThisShell$", "-test.v")
		c.Env = append(os.Environ(), inside+"=1")
		if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestRootsOfThisShell") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	w, _ := linked(t, "10.0.1.1")
	roots := w.WriteFile("roots.pem", w.CA.PEM, 0o600)
	t.Setenv("SSL_CERT_FILE", roots)
	w.Run(untold()...).Exits(0).Omits("SSL_CERT_FILE") // A variable of the process that login does not see is the system.
	w.Run("logout", "--forget-server").Exits(0)
	w.Vars["SSL_CERT_FILE"] = roots

	w.Run(untold()...).Exits(0).Says("SSL_CERT_FILE verifies 10.0.0.1 in this shell alone", "add: --certificate-authority "+roots+"\n")
	for _, got := range []trust.Trust{w.Session().Trust, known(t, w).Trust} {
		if got.Mode != trust.System || got.CA != "" || len(got.Pins) > 0 {
			t.Errorf("a variable of one shell is kept: %+v", got)
		}
	}
	vcentertest.Serve(t, w, vc, vcentertest.Supervisor{Endpoint: "10.0.0.1"})
	w.Run("login", "--vcenter", vc, "-u", consoletest.User).Exits(0).Says("verifies 10.0.0.1").Omits("verifies " + vc)
	w.Run(untold("--certificate-authority", roots)...).Exits(0).Omits("SSL_CERT_FILE")
}
