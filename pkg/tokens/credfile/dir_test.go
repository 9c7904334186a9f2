package credfile_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// environment is a getenv of these variables and no others.
func environment(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

func TestDirFollowsTheRulesOfEachSystem(t *testing.T) {
	for name, tc := range map[string]struct {
		goos string
		env  map[string]string
		want string
	}{
		"linux by home":                {"linux", map[string]string{"HOME": "/home/ada"}, "/home/ada/.local/state/kubectl-vsphere"},
		"linux by XDG":                 {"linux", map[string]string{"HOME": "/home/ada", "XDG_STATE_HOME": "/state/"}, "/state/kubectl-vsphere"},
		"linux ignores a relative XDG": {"linux", map[string]string{"HOME": "/home/ada", "XDG_STATE_HOME": "state"}, "/home/ada/.local/state/kubectl-vsphere"},
		"linux with root as home":      {"linux", map[string]string{"HOME": "/"}, "/.local/state/kubectl-vsphere"},
		"freebsd is like linux":        {"freebsd", map[string]string{"HOME": "/home/ada"}, "/home/ada/.local/state/kubectl-vsphere"},
		"darwin":                       {"darwin", map[string]string{"HOME": "/Users/ada", "XDG_STATE_HOME": "/state"}, "/Users/ada/Library/Application Support/kubectl-vsphere"},
		"windows":                      {"windows", map[string]string{"LocalAppData": `C:\Users\ada\AppData\Local\`, "HOME": "/home/ada"}, `C:\Users\ada\AppData\Local\kubectl-vsphere`},
		"windows on a share":           {"windows", map[string]string{"LocalAppData": `\\nas\ada`}, `\\nas\ada\kubectl-vsphere`},
		"the variable goes first":      {"linux", map[string]string{"HOME": "/home/ada", "XDG_STATE_HOME": "/state", credfile.HomeVariable: "/elsewhere"}, "/elsewhere"},
		"also on darwin":               {"darwin", map[string]string{"HOME": "/Users/ada", credfile.HomeVariable: "/elsewhere"}, "/elsewhere"},
		"also on windows":              {"windows", map[string]string{credfile.HomeVariable: `D:/elsewhere`}, `D:/elsewhere`},
	} {
		got, err := credfile.Dir(environment(tc.env), tc.goos)
		if err != nil || got != tc.want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, tc.want)
		}
	}
}

func TestDirSaysWhichVariableIsMissing(t *testing.T) {
	for name, tc := range map[string]struct {
		goos  string
		env   map[string]string
		named string
	}{
		"linux without home":           {"linux", nil, "HOME"},
		"linux with a relative home":   {"linux", map[string]string{"HOME": "ada"}, "HOME"},
		"darwin without home":          {"darwin", nil, "HOME"},
		"windows without a profile":    {"windows", map[string]string{"HOME": "/home/ada"}, "LocalAppData"},
		"windows with a drive alone":   {"windows", map[string]string{"LocalAppData": "C:"}, "LocalAppData"},
		"windows with a Unix path":     {"windows", map[string]string{"LocalAppData": "/home"}, "LocalAppData"},
		"a relative variable of ours":  {"linux", map[string]string{"HOME": "/home/ada", credfile.HomeVariable: "store"}, credfile.HomeVariable},
		"a Windows path on linux":      {"linux", map[string]string{"HOME": "/home/ada", credfile.HomeVariable: `C:\store`}, credfile.HomeVariable},
		"a Unix path on windows, ours": {"windows", map[string]string{credfile.HomeVariable: "/store"}, credfile.HomeVariable},
	} {
		got, err := credfile.Dir(environment(tc.env), tc.goos)
		if err == nil {
			t.Errorf("%s: %q, want an error", name, got)
			continue
		}
		if got != "" || !strings.Contains(err.Error(), tc.named) {
			t.Errorf("%s: %q, %v; want no path and an error that names %s", name, got, err, tc.named)
		}
	}
}

func TestPathIsBelowTheCredentials(t *testing.T) {
	want := filepath.Join("store", "credentials", clusterKey.ID()+".json")
	if got := credfile.Path("store", clusterKey); got != want {
		t.Errorf("Path = %q, want %q", got, want)
	}
}
