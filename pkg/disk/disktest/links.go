package disktest

import (
	"runtime"
	"testing"
)

// Linked fails the test if err says that a link could not be made. On Windows it skips the test: only some users may make one there.
func Linked(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case runtime.GOOS == "windows":
		t.Skipf("this user may make no links; turn on Windows' developer mode: %v", err)
	default:
		t.Fatal(err)
	}
}
