package kubeconfig

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk/disktest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig/splice"
)

// files are kubeconfigs in a directory of the test.
func files(t *testing.T, names ...string) Files {
	t.Helper()
	dir := t.TempDir()
	f := Files{Lock: filepath.Join(dir, "lock"), Warn: func(string) {}}
	for _, name := range names {
		f.Paths = append(f.Paths, filepath.Join(dir, name))
	}
	return f
}

// login plans one context.
func login(name string) func(*api.Config) (Change, error) {
	return func(old *api.Config) (Change, error) {
		return Plan(old, Options{Command: command}, []Wanted{namespace(name, "10.0.0.1", "a@b")}).Change, nil
	}
}

func write(t *testing.T, path, text string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func modeOf(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

const small = "apiVersion: v1\nkind: Config\n"

func TestUpdateModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no modes")
	}
	for _, c := range []struct {
		name         string
		before, want fs.FileMode
		private      bool
	}{
		{"kept", 0o644, 0o644, false},
		{"made private", 0o644, 0o600, true},
		{"new", 0, 0o600, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := files(t, "sub/config")
			if c.before != 0 {
				if err := os.Mkdir(filepath.Dir(f.Paths[0]), 0o700); err != nil {
					t.Fatal(err)
				}
				write(t, f.Paths[0], small, c.before)
			}
			if _, err := f.Update(t.Context(), c.private, login("ns1")); err != nil {
				t.Fatal(err)
			}
			if got := modeOf(t, f.Paths[0]); got != c.want {
				t.Errorf("mode %o, not %o", got, c.want)
			}
			left, err := os.ReadDir(filepath.Dir(f.Paths[0]))
			if err != nil || len(left) != 1 {
				t.Errorf("left over: %v %v", left, err)
			}
		})
	}
}

// A plan that changes nothing writes nothing: not even a new file's date.
func TestUpdateNothing(t *testing.T) {
	f := files(t, "config")
	if _, err := f.Update(t.Context(), false, login("ns1")); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(f.Paths[0])
	if err != nil {
		t.Fatal(err)
	}
	report, err := f.Update(t.Context(), false, login("ns1"))
	after, statErr := os.Stat(f.Paths[0])
	if err != nil || statErr != nil || len(report.Written) != 0 || !os.SameFile(before, after) {
		t.Errorf("%v %v %v", report, err, statErr)
	}
}

// Many writers, each with an entry of its own: all are there in the end.
func TestUpdateTogether(t *testing.T) {
	f := files(t, "config")
	const writers = 20
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			if _, err := f.Update(t.Context(), false, login(fmt.Sprintf("ns%d", i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	cfg, err := f.Load()
	if err != nil || len(cfg.Contexts) != writers {
		t.Errorf("%d contexts, %v", len(cfg.Contexts), err)
	}
}

// A program that obeys no lock writes between our read and our rename: its text is not lost.
func TestUpdateNoticesOthers(t *testing.T) {
	f := files(t, "config")
	write(t, f.Paths[0], small, 0o600)
	asked := 0
	_, err := f.Update(t.Context(), false, func(old *api.Config) (Change, error) {
		asked++
		if asked == 1 {
			write(t, f.Paths[0], small+"# written meanwhile\n", 0o600)
		}
		return login("ns1")(old)
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(f.Paths[0])
	if err != nil || !strings.Contains(string(text), "# written meanwhile") || !strings.Contains(string(text), "ns1") {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestUpdateWaitsForKubectl(t *testing.T) {
	f := files(t, "config")
	lock := f.Paths[0] + ".lock"
	write(t, lock, "", 0)
	ctx, cancel := context.WithCancel(t.Context())
	go cancel()
	if _, err := f.Update(ctx, false, login("ns1")); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled wait: %v", err)
	}
	go func() { _ = os.Remove(lock) }()
	if _, err := f.Update(t.Context(), false, login("ns1")); err != nil {
		t.Errorf("a lock that went away: %v", err)
	}
}

func TestUpdateRemovesStaleLock(t *testing.T) {
	f := files(t, "config")
	lock := f.Paths[0] + ".lock"
	write(t, lock, "", 0o600)
	old := time.Now().Add(-2 * lockStale)
	if err := os.Chtimes(lock, old, old); err != nil {
		t.Fatal(err)
	}
	var said string
	f.Warn = func(message string) { said = message }
	if _, err := f.Update(t.Context(), false, login("ns1")); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said, lock) {
		t.Errorf("nothing was said of it: %q", said)
	}
	if _, err := os.Lstat(lock); !errors.Is(err, fs.ErrNotExist) {
		t.Error("our own lock is left")
	}
}

// A lock of kubectl's kind that one of us left when it was killed is known again, and gone at once; another one is not touched.
func TestUpdateRemovesTheLockOfAKilledOne(t *testing.T) {
	f := files(t, "config")
	write(t, f.Paths[0], small, 0o600)
	lock := f.Paths[0] + ".lock"
	var told []string
	f.Warn = func(message string) { told = append(told, message) }
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Skip("there is no program true; it comes with coreutils: ", err)
	}
	temp := filepath.Join(filepath.Dir(lock), fmt.Sprintf(".kubectl-vsphere-%d-1.tmp", gone.Process.Pid))
	write(t, temp, "", 0)
	disktest.Linked(t, os.Link(temp, lock))
	if _, err := f.Update(t.Context(), false, login("ns1")); err != nil || len(told) != 1 || !strings.Contains(told[0], "killed") {
		t.Errorf("%v %q", err, told)
	}
	left, err := os.ReadDir(filepath.Dir(lock))
	if err != nil || len(left) > 2 { // The kubeconfig and our own lock.
		t.Errorf("left over: %v %v", left, err)
	}
	write(t, temp, "", 0)
	write(t, lock, "", 0)
	f.removeLeftovers()
	if _, err := os.Lstat(lock); err != nil {
		t.Error("a lock of somebody else was removed")
	}
}

// A chain of relative links stays, and so does a link to a file that does not exist yet.
func TestUpdateThroughLinks(t *testing.T) {
	f := files(t, "config")
	dir := filepath.Dir(f.Paths[0])
	disktest.Linked(t, errors.Join(os.Symlink("second", f.Paths[0]), os.Symlink(filepath.Join(dir, "real"), filepath.Join(dir, "second"))))
	for range 2 {
		if _, err := f.Update(t.Context(), false, login("ns1")); err != nil {
			t.Fatal(err)
		}
		if target, err := os.Readlink(f.Paths[0]); err != nil || target != "second" {
			t.Errorf("%q %v", target, err)
		}
	}
	if info, err := os.Lstat(filepath.Join(dir, "real")); err != nil || !info.Mode().IsRegular() {
		t.Errorf("%v %v", info, err)
	}
}

func TestUpdateRefuses(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, path string)
		want    string
	}{
		{"read-only", func(t *testing.T, path string) { write(t, path, small, 0o400) }, "is read-only"},
		{"a directory", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "not a regular file"},
		{"unparsable", func(t *testing.T, path string) { write(t, path, "a: [", 0o600) }, "nothing was changed"},
		{"a link that leads nowhere", func(t *testing.T, path string) {
			disktest.Linked(t, os.Symlink(filepath.Join(filepath.Dir(path), "gone", "config"), path))
		}, "type: mkdir -p "},
		{"a loop of links", func(t *testing.T, path string) {
			disktest.Linked(t, os.Symlink(path, path))
		}, "too many levels of symbolic links"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := files(t, "config")
			c.prepare(t, f.Paths[0])
			before, _ := os.ReadFile(f.Paths[0])
			_, err := f.Update(t.Context(), false, login("ns1"))
			var fileErr *FileError
			if !errors.As(err, &fileErr) || fileErr.Path != f.Paths[0] || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
			if after, _ := os.ReadFile(f.Paths[0]); string(after) != string(before) {
				t.Error("the file changed")
			}
		})
	}
}

// Check tells beforehand what Update would fail on, and writes nothing.
func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		want string // empty: fine
	}{
		"usual":     {small, 0o600, ""},
		"read-only": {small, 0o400, "is read-only"},
		"an alias":  {"apiVersion: v1\nkind: Config\nx: &u\n- name: a\n  user: {}\nusers: *u\n", 0o600, "users is an alias (*u)"},
	} {
		f := files(t, "config")
		write(t, f.Paths[0], c.text, c.mode)
		_, err := f.Check(t.Context())
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", name, err)
		}
		if after, _ := os.ReadFile(f.Paths[0]); string(after) != c.text {
			t.Errorf("%s: the file changed", name)
		}
	}
	if _, err := files(t, "none").Check(t.Context()); err != nil {
		t.Errorf("no file yet: %v", err)
	}
}

// Update of files that were checked sees what others have written since, and is none the worse for a Load in between.
func TestUpdateAfterCheck(t *testing.T) {
	f := files(t, "config")
	write(t, f.Paths[0], small, 0o600)
	f, err := f.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ns1", "ns2", "ns3"} { // Each sees a file that Check has not read, but for the first.
		if _, err := f.Load(); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Update(t.Context(), false, login(name)); err != nil {
			t.Fatal(err)
		}
	}
	if f, err = f.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Load(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Update(t.Context(), false, login("ns4")); err != nil {
		t.Fatal(err)
	}
	cfg, err := f.Load()
	if err != nil || len(cfg.Contexts) != 4 {
		t.Errorf("%v %v", cfg.Contexts, err)
	}
}

// Update does not parse again what Check has read.
func TestUpdateParsesOnce(t *testing.T) {
	f := files(t, "config")
	write(t, f.Paths[0], small, 0o600)
	f, err := f.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	known := f.known[f.Paths[0]].Config()
	report, err := f.Update(t.Context(), false, func(*api.Config) (Change, error) { return Change{}, nil })
	if err != nil || len(report.Written) > 0 {
		t.Fatal(report, err)
	}
	docs, err := f.read(readAgain)
	if err != nil || docs[0].Config() != known || docs[0].Has("contexts", "kubectl-vsphere-check") {
		t.Errorf("it is parsed again, or is what Check tried: %v", err)
	}
}

// Check finds a file in UTF-16, of either byte order and in any style of YAML, and says how to save it.
func TestUTF16IsRefused(t *testing.T) {
	for name, text := range map[string]string{"block": small, "flow": `{"apiVersion":"v1","kind":"Config","users":[]}`, "comment": "# é\r\n"} {
		for _, mark := range []string{"", "\ufeff"} {
			var little, big []byte
			for _, unit := range utf16.Encode([]rune(mark + text)) {
				little, big = binary.LittleEndian.AppendUint16(little, unit), binary.BigEndian.AppendUint16(big, unit)
			}
			for _, encoded := range [][]byte{little, big} {
				f := files(t, "first", "config")
				write(t, f.Paths[0], small, 0o600)
				write(t, f.Paths[1], string(encoded), 0o600)
				var fileErr *FileError
				_, err := f.Check(t.Context())
				if !errors.As(err, &fileErr) || !errors.Is(err, splice.ErrUTF16) || fileErr.Path != f.Paths[1] || fileErr.Remedy != "save it as UTF-8; nothing was changed" {
					t.Errorf("%s: %v", name, err)
				}
				if after, _ := os.ReadFile(f.Paths[1]); !bytes.Equal(after, encoded) {
					t.Errorf("%s: the file changed", name)
				}
			}
		}
	}
}

// Entries are changed in the file that they come from; new ones go into the first file that exists.
func TestUpdateSeveralFiles(t *testing.T) {
	f := files(t, "missing", "first", "second")
	write(t, f.Paths[1], small, 0o600)
	write(t, f.Paths[2], small+"contexts:\n- name: ns1\n  context: {cluster: 10.0.0.1, user: 'wcp:10.0.0.1:a@b'}\ncurrent-context: ns1\n"+
		"users:\n- name: wcp:10.0.0.1:a@b\n  user: {token: old}\nclusters:\n- name: 10.0.0.1\n  cluster: {server: 'https://10.0.0.1:6443'}\n", 0o600)
	if _, err := f.Update(t.Context(), false, login("ns1")); err != nil {
		t.Fatal(err)
	}
	first, _ := os.ReadFile(f.Paths[1])
	second, _ := os.ReadFile(f.Paths[2])
	if string(first) != small {
		t.Errorf("the first file changed:\n%s", first)
	}
	if strings.Contains(string(second), "token: old") || !strings.Contains(string(second), "get-token") {
		t.Errorf("the entry was not changed where it is:\n%s", second)
	}
	// Removing takes away what the first file hid, too, and the current context wherever it is.
	write(t, f.Paths[1], string(second), 0o600)
	if _, err := f.Update(t.Context(), false, func(old *api.Config) (Change, error) {
		return Remove(old, func(_ string, u *api.AuthInfo) bool { _, ours := Ours(u); return ours }), nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, path := range f.Paths[1:] {
		if text, _ := os.ReadFile(path); strings.Contains(string(text), "ns1") || strings.Contains(string(text), "wcp:") {
			t.Errorf("left in %s:\n%s", path, text)
		}
	}
}

func TestLocate(t *testing.T) {
	list := strings.Join([]string{"/a", "", "/b", "/a"}, string(os.PathListSeparator))
	got, err := Locate(func(string) string { return list }, "/home/me")
	if err != nil || strings.Join(got, " ") != "/a /b" {
		t.Errorf("%q %v", got, err)
	}
	got, err = Locate(func(string) string { return "" }, "/home/me")
	if err != nil || got[0] != filepath.Join("/home/me", ".kube", "config") {
		t.Errorf("%q %v", got, err)
	}
	if _, err = Locate(func(string) string { return "" }, ""); err == nil {
		t.Error("no home and no KUBECONFIG is fine")
	}
}

// A password that begins with an asterisk is an alias for YAML, and its parser repeats the name of one that it does not know.
func TestErrorsRepeatNoSecret(t *testing.T) {
	f := files(t, "config")
	for _, value := range []string{"*S3CRET", "[S3CRET]", "{S3CRET: x}", "\"S3CRET", "!!int S3CRET", "'S3CRET': x"} {
		write(t, f.Paths[0], "apiVersion: v1\nkind: Config\nusers:\n- name: a\n  user:\n    password: "+value+"\n", 0o600)
		if _, err := f.Load(); err == nil || strings.Contains(err.Error(), "S3CRET") {
			t.Errorf("%s: %v", value, err)
		}
	}
}
