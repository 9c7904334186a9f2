package credhelper

import (
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

const askedVariable = "TEST_BACKING_ASKED"

// Another helper may give the password of a person: from then on there is no core dump.
func TestNoDumpOfABacking(t *testing.T) {
	if os.Getenv(askedVariable) == "" {
		c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestNoDumpOfABacking$")
		c.Env = append(os.Environ(), askedVariable+"=1")
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	p, _ := backed(t, `echo '{"Username":"ada","Secret":"s"}'`)
	if _, _, err := p.Get("quay.io"); err != nil {
		t.Fatal(err)
	}
	if n, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || n != 0 {
		t.Errorf("dumpable is %d, %v", n, err)
	}
}
