package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const startedVariable = "MAIN_TEST_STARTED"

// After the start, no core dump is possible, and no child gets the password, whoever starts it.
func TestStart(t *testing.T) {
	if os.Getenv(startedVariable) == "" {
		c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestStart$")
		c.Env = append(os.Environ(), startedVariable+"=1", "KUBECTL_VSPHERE_PASSWORD="+password)
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	os.Args = []string{"kubectl-vsphere", "version"}
	if code := run(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	if n, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || n != 0 {
		t.Errorf("dumpable is %d, %v", n, err)
	}
	if out, err := exec.CommandContext(t.Context(), "env").Output(); err != nil || strings.Contains(string(out), password) {
		t.Errorf("a child gets the password; %v", err)
	}
}
