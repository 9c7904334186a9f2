package kubeconfig

import "testing"

func TestTheNullDeviceOfWindows(t *testing.T) {
	for path, want := range map[string]bool{
		"NUL": true, "nul": true, `C:\Users\dev\NUL`: true, `\\.\NUL`: true, "NUL.txt": true, "nul:": true, "NUL ": true, "dir/nul": true,
		"null": false, "NULL": false, `C:\nul\config`: false, "config": false, "": false, "x.nul": false,
	} {
		if got := isNUL("windows", path); got != want {
			t.Errorf("%q: %t", path, got)
		}
		if isNUL("linux", path) {
			t.Errorf("%q on Linux", path)
		}
	}
}
