package disktest

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// inside is the variable with the name of the test that runs in a mount namespace of its own.
const inside = "KUBECTL_VSPHERE_TEST_MOUNTS"

// Mounts runs the calling test again, in a process with a mount namespace of its own. There it returns true; in the first process it
// returns false, when the other one has passed. Without the permission for that, it skips the test.
func Mounts(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inside) == t.Name() {
		return true
	}
	if out, err := exec.CommandContext(t.Context(), "unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt").CombinedOutput(); err != nil {
		t.Skipf("no mount namespace can be made; run it as root, in a container with CAP_SYS_ADMIN: %v %s", err, out)
	}
	again := exec.CommandContext(t.Context(), "unshare", "-m", os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v") //nolint:gosec // This test.
	again.Env = append(os.Environ(), inside+"="+t.Name())
	out, err := again.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// Mount mounts something at a path until the end of the test. args are those of mount(8) before the path.
func Mount(t *testing.T, path string, args ...string) {
	t.Helper()
	Run(t, "mount", append(args, path)...)
	t.Cleanup(func() { Run(t, "umount", "-l", path) })
}

// Run runs a program, also in a cleanup, and fails the test if that fails.
func Run(t *testing.T, program string, args ...string) {
	t.Helper()
	out, err := exec.CommandContext(context.Background(), program, args...).CombinedOutput() //nolint:gosec // Programs that tests name.
	if err != nil {
		t.Fatalf("%s %q: %v %s", program, args, err, out)
	}
}
