package credhelper

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"
	"golang.org/x/sys/unix"
)

// dumpVariable makes this test the process that is looked at.
const dumpVariable = "HELPER_TEST_DUMP"

// A process that may hold a password for a while leaves no core dump: one that stores it, and one that waits for a renewal.
func TestHelperDumpsNoPassword(t *testing.T) {
	switch os.Getenv(dumpVariable) {
	case "":
		for _, as := range []string{"store", "renew"} {
			c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHelperDumpsNoPassword$")
			c.Env = append(os.Environ(), dumpVariable+"="+as, "KUBECTL_VSPHERE_HOME="+t.TempDir())
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", as, err, out)
			}
		}
		return
	case "store":
		Run([]string{credentials.ActionStore}) // Its answer goes to the output of this process.
	case "renew":
		child(t, "exit 0")
		if err := renew(devKey, time.Minute); err != nil {
			t.Error(err)
		}
	}
	if n, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || n != 0 {
		t.Errorf("dumpable is %d, %v", n, err)
	}
}
