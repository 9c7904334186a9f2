package contexts_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/contexts"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk/disktest"
)

// VMware's plugin has the same name: only a PATH that finds this very file makes the bare name safe.
func TestExecCommand(t *testing.T) {
	dir := t.TempDir()
	program := func(name string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(name), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	ours, theirs, link := program("kubectl-vsphere-1.0"), program("kubectl-vsphere"), filepath.Join(dir, "link")
	disktest.Linked(t, os.Symlink(ours, link))
	for name, c := range map[string]struct {
		self, found string // empty: an error
		command     string
		absolute    bool
	}{
		"on PATH":                   {ours, ours, "kubectl-vsphere", false},
		"on PATH as a link":         {ours, link, "kubectl-vsphere", false},
		"another plugin on PATH":    {ours, theirs, ours, true},
		"nothing on PATH":           {ours, "", ours, true},
		"a file that is gone":       {ours, filepath.Join(dir, "gone"), ours, true},
		"this program is not known": {"", theirs, "kubectl-vsphere", false},
	} {
		e := &console.Env{
			Executable: func() (string, error) {
				if c.self == "" {
					return "", errors.New("no /proc")
				}
				return c.self, nil
			},
			LookPath: func(program string) (string, error) {
				if program != "kubectl-vsphere" || c.found == "" {
					return "", exec.ErrNotFound
				}
				return c.found, nil
			},
		}
		command, absolute := contexts.ExecCommand(e)
		if command != c.command || absolute != c.absolute {
			t.Errorf("%s: %s, %v", name, command, absolute)
		}
	}
}

func TestCheckProgram(t *testing.T) {
	for self, good := range map[string]bool{
		"/opt/kubectl-vsphere": true, "/opt/kubectl-vsphere.exe": true, "/opt/KUBECTL-VSPHERE.EXE": true, "/opt/KUBECTL-VSPHERE": false,
		"/opt/kv": false, "/opt/kubectl-vsphere-1.0": false, "/opt/kubectl-vsphere.1": false, "/opt/kubectl-vsphere.old": false,
	} {
		e := &console.Env{
			Executable: func() (string, error) { return self, nil },
			LookPath:   func(string) (string, error) { return "", exec.ErrNotFound },
		}
		if err := contexts.CheckProgram(e, contexts.Exec{}); (err == nil) != good {
			t.Errorf("%s: %v", self, err)
		}
	}
}
