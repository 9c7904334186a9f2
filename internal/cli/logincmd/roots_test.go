package logincmd_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// A Supervisor that only SSL_CERT_FILE of this shell verifies: the CA that did is kept, so that kubectl and renewals in another shell have it.
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
	w, hosts := linked(t, "10.0.1.1")
	beside := consoletest.NewCA(t, "beside")
	roots := w.WriteFile("roots.pem", beside.PEM+w.CA.PEM, 0o600)
	t.Setenv("SSL_CERT_FILE", roots)
	w.Vars["SSL_CERT_FILE"] = roots
	hosts[0].Untold = true // Its API server is verified as its front is.

	w.Run(untold("--dry-run")...).Exits(0).Says("SSL_CERT_FILE verified 10.0.0.1: its CA is remembered", "certificate-authority-data")
	w.Run(untold()...).Exits(0).Says("   of1-0\n")
	want := trust.Trust{Mode: trust.System}.WithPin("10.0.0.1:443", w.CA.PEM).WithPin("10.0.1.1:443", w.CA.PEM).WithPin("10.0.1.1:6443", w.CA.PEM).
		WithPin("10.0.0.1:6443", w.CA.PEM)
	if diff := cmp.Diff(want, w.Session().Trust); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, known(t, w).Trust); diff != "" {
		t.Error(diff)
	}
	text := w.ReadKubeconfig()
	if servers, cas := strings.Count(text, "server: "), strings.Count(text, "certificate-authority-data: "); servers == 0 || servers != cas {
		t.Errorf("%d servers, %d CAs", servers, cas)
	}
	if slices.Contains(want.Fingerprints(), fingerprintOf(beside)) {
		t.Error("the other CA of the file is taken")
	}

	delete(w.Vars, "SSL_CERT_FILE") // As in another shell: what is pinned does not use the roots of the process.
	w.Person()
	w.Run(untold()...).Exits(0).Omits("SSL_CERT_FILE")
	w.Serve("10.0.0.1:443", beside, hosts[0]) // The roots of the process verify it.
	w.Run(untold()...).Exits(4).Says("10.0.0.1 is not the one that was trusted so far: it was SHA-256 " + fingerprintOf(w.CA))
}
