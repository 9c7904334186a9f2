package kubeconfig

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk/disktest"
)

// A kubeconfig that a container engine mounts is written where it is; one that is mounted read-only is found before.
func TestMountedKubeconfig(t *testing.T) {
	if !disktest.Mounts(t) {
		return
	}
	f, outside := files(t, "config"), files(t, "outside").Paths[0]
	write(t, f.Paths[0], "", 0o600)
	write(t, outside, "# mine\n"+small, 0o644)
	disktest.Mount(t, f.Paths[0], "--bind", outside)
	if _, err := f.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := f.Update(t.Context(), true, login("ns1")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(outside)
	if err != nil || !strings.HasPrefix(string(text), "# mine\n") || !strings.Contains(string(text), "name: ns1") || modeOf(t, outside) != 0o600 {
		t.Errorf("%v %o\n%s", err, modeOf(t, outside), text)
	}
	left, err := os.ReadDir(filepath.Dir(f.Paths[0]))
	if err != nil || len(left) != 2 { // And our lock.
		t.Errorf("left over: %v %v", left, err)
	}

	// One that was killed over it: the next login restores it first.
	torn := "# new" + string(text)[5:]
	write(t, outside, torn, 0o600)
	write(t, f.Paths[0]+".kubectl-vsphere-old", string(text), 0o600)
	write(t, f.Paths[0]+".kubectl-vsphere-new", "# new text", 0o600)
	var told []string
	f.Warn = func(message string) { told = append(told, message) }
	if _, err := f.Check(t.Context()); err != nil || len(told) != 1 || !strings.Contains(told[0], "half written") {
		t.Errorf("%v %q", err, told)
	}
	if now, err := os.ReadFile(outside); err != nil || string(now) != string(text) {
		t.Errorf("%v\n%s", err, now)
	}

	disktest.Run(t, "mount", "-o", "remount,bind,ro", f.Paths[0])
	var failed *FileError
	if _, err := f.Check(t.Context()); !errors.As(err, &failed) || !strings.Contains(err.Error(), "cannot be written: it is mounted read-only") || !strings.Contains(err.Error(), "mount it so that it can be written") {
		t.Errorf("%v", err)
	}
}

// What is in the way of a login is found by Check, and told with its remedy.
func TestCheckOddPlaces(t *testing.T) {
	if !disktest.Mounts(t) {
		return
	}
	for name, c := range map[string]struct {
		prepare func(t *testing.T, dir, path string)
		want    string
	}{
		"no room": {func(t *testing.T, dir, _ string) {
			disktest.Mount(t, dir, "-t", "tmpfs", "-o", "size=4k", "none")
			write(t, filepath.Join(dir, "filler"), strings.Repeat("x", 4096), 0o600)
		},
			"no space left on device in"},
		"read-only": {func(t *testing.T, dir, _ string) { disktest.Mount(t, dir, "-t", "tmpfs", "-o", "ro", "none") },
			"is mounted read-only; name another file with KUBECONFIG"},
		"immutable": {func(t *testing.T, _, path string) { write(t, path, small, 0o600); seal(t, path) },
			"config is immutable (chattr +i or +a); type: sudo chattr -i -a "},
		"an immutable directory": {func(t *testing.T, dir, _ string) { seal(t, dir) },
			"is immutable (chattr +i or +a); type: sudo chattr -i -a "},
		"a link to a missing directory": {func(t *testing.T, dir, path string) {
			if err := os.Symlink(filepath.Join(dir, "gone", "config"), path); err != nil {
				t.Fatal(err)
			}
		}, "type: mkdir -p "},
		"a link from where no lock can be made": {func(t *testing.T, dir, path string) {
			if err := os.Symlink(filepath.Join(filepath.Dir(dir), "real"), path); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(filepath.Dir(dir), "real"), small, 0o600)
			seal(t, dir)
		}, "type: sudo chattr -i -a "},
		"a file on the way": {func(t *testing.T, dir, _ string) {
			if err := os.Remove(dir); err != nil {
				t.Fatal(err)
			}
			write(t, dir, "", 0o600)
		}, "not a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			f := files(t, "dir/config")
			dir := filepath.Dir(f.Paths[0])
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			c.prepare(t, dir, f.Paths[0])
			_, err := f.Check(t.Context())
			var failed *FileError
			if !errors.As(err, &failed) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
			if _, err := f.Update(t.Context(), false, login("ns1")); err == nil {
				t.Error("Update does not fail") // Then Check must not either.
			}
		})
	}
}

// seal makes a file immutable until the end of the test.
func seal(t *testing.T, path string) {
	t.Helper()
	disktest.Run(t, "chattr", "+i", path)
	t.Cleanup(func() { disktest.Run(t, "chattr", "-i", path) })
}

// Two spellings of a path, and a link, are one file with one lock.
func TestOneFileByTwoPaths(t *testing.T) {
	f := files(t, "config", "link")
	dir := filepath.Dir(f.Paths[0])
	write(t, f.Paths[0], small, 0o600)
	if err := errors.Join(os.Symlink("config", f.Paths[1]), os.Symlink(".", filepath.Join(dir, "here"))); err != nil {
		t.Fatal(err)
	}
	f.Paths = append(f.Paths, dir+"/./config", dir+"/here/config")
	for _, name := range []string{"ns1", "ns2"} {
		if _, err := f.Update(t.Context(), false, login(name)); err != nil {
			t.Fatal(err)
		}
	}
	if cfg, err := f.Load(); err != nil || len(cfg.Contexts) != 2 {
		t.Errorf("%v %v", cfg, err)
	}
	report, err := f.Update(t.Context(), false, func(old *api.Config) (Change, error) { return RemoveContexts(old, []string{"ns1"}), nil })
	if err != nil || len(report.Written) != 1 {
		t.Errorf("%v %v", report.Written, err)
	}
	if _, err := os.Lstat(f.Paths[0] + ".lock"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a lock is left")
	}
}

// What kubectl reads and nobody can write is no place for new entries.
func TestNullDeviceAndPipe(t *testing.T) {
	pipe := func() string {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close() })
		if _, err := w.WriteString("apiVersion: v1\nkind: Config\ncurrent-context: piped\n"); err != nil {
			t.Fatal(err)
		}
		_ = w.Close()
		return "/dev/fd/" + strconv.Itoa(int(r.Fd()))
	}
	link := filepath.Join(t.TempDir(), "null")
	if err := os.Symlink(os.DevNull, link); err != nil {
		t.Fatal(err)
	}
	for want, path := range map[string]string{"": os.DevNull, " ": link, "piped": pipe()} {
		f := files(t, "config")
		real := f.Paths[0]
		f.Paths = []string{path}
		if _, err := f.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "kubeconfig "+path+" ") || !strings.Contains(err.Error(), "name another file") {
			t.Errorf("%s: %v", path, err)
		}
		if _, err := f.Update(t.Context(), false, login("ns1")); err == nil {
			t.Errorf("%s: it was written", path)
		}
		if cfg, err := f.Load(); err != nil || cfg.CurrentContext != strings.TrimSpace(want) || len(cfg.Contexts) > 0 {
			t.Errorf("%s: %v %v", path, cfg, err)
		}
		f.Paths = []string{path, real}
		if _, err := f.Check(t.Context()); err != nil {
			t.Errorf("%s and a file: %v", path, err)
		}
		if report, err := f.Update(t.Context(), false, login("ns1")); err != nil || len(report.Written) != 1 || report.Written[0] != real {
			t.Errorf("%s and a file: %v %v", path, report.Written, err)
		}
		if _, err := os.Lstat(path + ".lock"); err == nil {
			t.Errorf("%s is locked", path)
		}
	}
}
