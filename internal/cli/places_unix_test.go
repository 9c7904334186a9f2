//go:build unix

package cli_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk/disktest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// homely is a world whose store and kubeconfig are where the home directory says. That belongs to a user.
func homely(t *testing.T, owner int) (*consoletest.World, *consoletest.Supervisor) {
	t.Helper()
	w, s := clitest.Site(t)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	delete(w.Vars, credfile.HomeVariable)
	delete(w.Vars, "KUBECONFIG")
	if owner != os.Geteuid() {
		if os.Geteuid() != 0 {
			t.Skip("only root can be a guest; run it as root")
		}
		if err := os.Chown(w.Dir, owner, owner); err != nil {
			t.Skip("a directory cannot be given away; use a file system with owners for TMPDIR: ", err)
		}
	}
	return w, s
}

func missing(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is there: %v", path, err)
	}
}

// sudo that keeps HOME would make files of root in the user's home, and lock the user out.
func TestSudoThatKeepsHome(t *testing.T) {
	const me = 12345
	w, s := homely(t, me)
	w.Vars["SUDO_UID"] = "12345"
	for _, args := range [][]string{clitest.SignIn(w), {"status"}, {"logout"}, {"registry", "add", "10.0.0.5"}, {"get-token", "--server", clitest.Server, "--user", "a"}} {
		w.Run(args...).Exits(1).Says("would belong to root, in the home of user 12345", "type the command without sudo", "sudo -H kubectl vsphere")
	}
	missing(t, filepath.Join(w.Dir, ".local"))
	missing(t, filepath.Join(w.Dir, ".kube"))
	// Only the store is elsewhere.
	w.Vars[credfile.HomeVariable] = filepath.Join(t.TempDir(), "store")
	w.Run(clitest.SignIn(w)...).Exits(1).Says(".kube/config would belong to root")
	missing(t, filepath.Join(w.Dir, ".kube"))
	if n := s.Count("GET /wcp/workloads"); n > 0 {
		t.Errorf("%d passwords", n)
	}
	// What a person names is a decision, and so is a kubeconfig that is there: it keeps its owner.
	w.Run(clitest.SignIn(w, "--kubeconfig", filepath.Join(w.Dir, "named"))...).Exits(0)
}

// A container may run as root with a home that belongs to somebody outside, as jobs of some CI systems do.
func TestRootWithAForeignHome(t *testing.T) {
	for name, c := range map[string]struct {
		owner int
		vars  map[string]string
	}{
		"a container":            {12345, nil},
		"root's own, by sudo":    {0, map[string]string{"SUDO_UID": "12345", "SUDO_USER": "me"}},
		"by sudo of a third one": {12345, map[string]string{"SUDO_UID": "12346"}},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := homely(t, c.owner)
			for k, v := range c.vars {
				w.Vars[k] = v
			}
			w.Run(clitest.SignIn(w)...).Exits(0)
			if _, err := os.Stat(filepath.Join(w.Dir, ".kube", "config")); err != nil {
				t.Error(err)
			}
		})
	}
}

// A kubeconfig for one job needs no home directory. A refusal is still remembered.
func TestPrintedKubeconfigWithoutAHome(t *testing.T) {
	w, s := homely(t, os.Geteuid())
	t.Setenv("TMPDIR", t.TempDir())
	w.NoHome = true
	w.Run(clitest.SignIn(w)...).Exits(1).Says("HOME")
	printed(t, w)
	w.Vars[failure.PasswordVariable] = "wrong"
	s.Forget()
	for range 3 {
		w.Run(clitest.SignIn(w, "--kubeconfig", "-")...).Exits(3)
	}
	if n := s.Count("GET /wcp/workloads"); n != 1 {
		t.Errorf("a wrong password was sent %d times", n)
	}
}

// Tokens in a kubeconfig that logout would not look at are removed there too.
func TestLogoutCleansOtherKubeconfigs(t *testing.T) {
	w, _ := homely(t, os.Geteuid())
	first, second, third := filepath.Join(w.Dir, "job"), filepath.Join(w.Dir, "variable"), filepath.Join(w.Dir, "gone")
	const mine = "# mine\napiVersion: v1\nkind: Config\n"
	w.WriteFile("job", mine, 0o600)
	w.Run(clitest.SignIn(w, "--kubeconfig", first, "--static-tokens")...).Exits(0)
	w.Vars["KUBECONFIG"] = second
	w.Run(clitest.SignIn(w, "--static-tokens")...).Exits(0)
	delete(w.Vars, "KUBECONFIG")
	w.Run(clitest.SignIn(w, "--kubeconfig", third, "--static-tokens")...).Exits(0)
	if err := os.Remove(third); err != nil {
		t.Fatal(err)
	}
	w.Run(clitest.SignIn(w)...).Exits(0)
	for _, path := range []string{first, second} {
		if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), "token: ") {
			t.Fatalf("%v %s", err, text)
		}
	}
	// One that cannot be cleaned is named.
	if err := os.Chmod(second, 0o400); err != nil {
		t.Fatal(err)
	}
	w.Run("logout").Exits(1).Says(second+" is read-only", first+"; they are removed")
	for path, want := range map[string]bool{first: false, second: true} {
		text, err := os.ReadFile(path)
		if err != nil || strings.Contains(string(text), "token: ") != want || path == first && !strings.HasPrefix(string(text), mine) {
			t.Errorf("%v %s", err, text)
		}
	}
	missing(t, third)
}

// What kubectl can read and nobody can write is refused before the password is sent.
func TestKubeconfigThatKeepsNothing(t *testing.T) {
	w, s := clitest.Site(t)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Vars["KUBECONFIG"] = os.DevNull
	w.Run(clitest.SignIn(w)...).Exits(1).Says("kubeconfig /dev/null keeps nothing; name another file with KUBECONFIG")
	if n := len(s.Requests()); n > 0 {
		t.Errorf("%d requests", n)
	}
	w.Run("status").Exits(0)
	w.Run("logout").Exits(0)
	w.Run("whoami").Exits(1).Says("no current context")
	path := filepath.Join(w.Dir, "named")
	w.Run(clitest.SignIn(w, "--kubeconfig", path)...).Exits(0)
	w.Vars["KUBECONFIG"] = os.DevNull + ":" + path
	w.Run(clitest.SignIn(w)...).Exits(0)
	missing(t, os.DevNull+".lock")
}

// A symbolic link to nothing in place of a directory is found before anything is sent, and the command that is named helps.
func TestKubeconfigBelowALinkToNothing(t *testing.T) {
	for name, c := range map[string]struct {
		links map[string]string // below the home: where they lead
		named string            // KUBECONFIG
		made  string            // by the command
	}{
		"the directory":          {map[string]string{".kube": "gone/kube"}, "", "gone/kube"},
		"a directory above it":   {map[string]string{"all": "gone"}, "all/of/kube/config", "gone"},
		"a chain":                {map[string]string{".kube": "next", "next": "gone"}, "", "gone"},
		"below another":          {map[string]string{".kube": "next/kube", "next": "gone"}, "", "gone/kube"},
		"where a file's link is": {map[string]string{"config": "next/config", "next": "gone"}, "config", "gone"},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := homely(t, os.Geteuid())
			if c.named != "" {
				w.Vars["KUBECONFIG"] = filepath.Join(w.Dir, c.named)
			}
			for link, target := range c.links {
				disktest.Linked(t, os.Symlink(target, filepath.Join(w.Dir, link)))
			}
			made := filepath.Join(w.Dir, c.made)
			w.Run(clitest.SignIn(w)...).Exits(1).Says("is a symbolic link to "+made+", which does not exist; type: mkdir -p "+made, "KUBECONFIG")
			if n := len(s.Requests()); n > 0 {
				t.Errorf("%d requests", n)
			}
			if err := os.MkdirAll(made, 0o700); err != nil {
				t.Fatal(err)
			}
			w.Run(clitest.SignIn(w)...).Exits(0)
		})
	}
}

// A home directory that is not there, or where nothing can be made, is as good as none.
func TestPrintedKubeconfigWithoutAUsableHome(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, w *consoletest.World) (home string){
		"not there":          func(*testing.T, *consoletest.World) string { return "/proc/nonexistent" },
		"a place for none":   func(*testing.T, *consoletest.World) string { return "/proc" },
		"a file":             func(_ *testing.T, w *consoletest.World) string { return w.WriteFile("file", "", 0o600) },
		"a link to nothing":  func(t *testing.T, w *consoletest.World) string { return link(t, w, "gone") },
		"a link in a circle": func(t *testing.T, w *consoletest.World) string { return link(t, w, "home") },
	} {
		t.Run(name, func(t *testing.T) {
			w, s := homely(t, os.Geteuid())
			t.Setenv("TMPDIR", t.TempDir())
			w.Vars["HOME"] = prepare(t, w)
			w.Run(clitest.SignIn(w)...).Exits(1)
			printed(t, w)
			w.Vars[failure.PasswordVariable] = "wrong"
			s.Forget()
			for range 2 {
				w.Run(clitest.SignIn(w, "--kubeconfig", "-")...).Exits(3)
			}
			if n := s.Count("GET /wcp/workloads"); n != 1 {
				t.Errorf("a wrong password was sent %d times", n)
			}
		})
	}
}

func link(t *testing.T, w *consoletest.World, target string) string {
	t.Helper()
	path := filepath.Join(w.Dir, "home")
	disktest.Linked(t, os.Symlink(target, path))
	return path
}

// printed prints a kubeconfig, and looks whether a store for temporary files keeps what it must not.
func printed(t *testing.T, w *consoletest.World, more ...string) {
	t.Helper()
	if r := w.Run(clitest.SignIn(w, append(more, "--kubeconfig", "-")...)...).Exits(0); !strings.Contains(r.Out, "name: ns1") {
		t.Error(r.Out)
	}
	left := 0
	err := filepath.WalkDir(os.TempDir(), func(path string, _ fs.DirEntry, err error) error {
		if text, readErr := os.ReadFile(path); readErr == nil && strings.Contains(string(text), "c2ln") {
			t.Errorf("%s has a token", path)
		}
		if strings.Contains(path, "/sites/") {
			t.Errorf("the next job would trust what this one was shown: %s", path)
		}
		left++
		return err
	})
	if err != nil || left < 2 {
		t.Error(left, err)
	}
}

// A store that is there is not passed over: who may use it is a question for its owner.
func TestPrintedKubeconfigWithARefusedStore(t *testing.T) {
	w, s := homely(t, os.Geteuid())
	store := filepath.Join(w.Dir, "store")
	w.Vars[credfile.HomeVariable] = store
	if err := os.Chmod(store, 0o755); err != nil {
		t.Fatal(err)
	}
	w.Run(clitest.SignIn(w, "--kubeconfig", "-")...).Exits(1).Says("chmod 700")
	w.Vars[credfile.HomeVariable] = w.WriteFile("file", "", 0o600)
	w.Run(clitest.SignIn(w, "--kubeconfig", "-")...).Exits(1).Says("is not a directory")
	w.Vars[credfile.HomeVariable] = "relative"
	w.Run(clitest.SignIn(w, "--kubeconfig", "-")...).Exits(1).Says("is not an absolute path")
	if n := len(s.Requests()); n > 0 {
		t.Errorf("%d requests", n)
	}
}
