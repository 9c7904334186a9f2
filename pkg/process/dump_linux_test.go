package process

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func dumpable() bool {
	n, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	return err == nil && n == 1
}

// noDumpVariable makes this test the process that is looked at: the setting is of a whole process.
const noDumpVariable = "TEST_NO_DUMP"

func TestNoDump(t *testing.T) {
	switch os.Getenv(noDumpVariable) {
	case "parent":
		if !dumpable() {
			t.Skip("this process has no core dumps as it is; raise the hard limit (ulimit -Hc)")
		}
		NoDump()
		if dumpable() {
			t.Error("a core dump is possible")
		}
		// What else is used of /proc still works.
		if _, err := os.ReadFile("/dev/stdin"); err != nil {
			t.Error(err)
		}
		if _, err := os.Readlink("/proc/self/exe"); err != nil {
			t.Error(err)
		}
		self(t, "child")
	case "child":
		if !dumpable() {
			t.Error("a child inherits the setting")
		}
	default:
		self(t, "parent")
	}
}

// self runs this test in a process of its own.
func self(t *testing.T, as string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestNoDump$", "-test.v")
	c.Env = append(os.Environ(), noDumpVariable+"="+as)
	c.Stdin = strings.NewReader("a CA")
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
