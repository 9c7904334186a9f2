//go:build unix

package credfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

func TestReadPrivateRefusesWhatOthersCanUseAndSaysWhatToType(t *testing.T) {
	for _, mode := range []os.FileMode{0o644, 0o640, 0o602, 0o604, 0o610, 0o777} {
		path := filepath.Join(t.TempDir(), "it's mine.json")
		writeFile(t, path, encode(t, credential(clusterKey)))
		if err := os.Chmod(path, mode); err != nil { // WriteFile's mode is cut by the umask
			t.Fatal(err)
		}
		_, err := credfile.Read(path)
		var permission *credfile.PermissionError
		if !errors.As(err, &permission) {
			t.Errorf("mode %o: got %v, want a *PermissionError", mode, err)
			continue
		}
		want := "chmod 600 '" + filepath.Dir(path) + `/it'\''s mine.json'`
		if permission.Path != path || permission.Remedy != want {
			t.Errorf("mode %o: the path is %s and the remedy is %s, want %s", mode, permission.Path, permission.Remedy, want)
		}
	}
}

func TestReadPrivateTakesWhatOnlyTheUserCanUse(t *testing.T) {
	for _, mode := range []os.FileMode{0o600, 0o400, 0o700} {
		path := filepath.Join(t.TempDir(), "c.json")
		writeFile(t, path, []byte("text"))
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if text, err := credfile.ReadPrivate(path); err != nil || string(text) != "text" {
			t.Errorf("mode %o: %q, %v", mode, text, err)
		}
	}
}

func TestPrivateAsksForADirectoryOfTheUserAlone(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	var permission *credfile.PermissionError
	if err := credfile.Private(info, dir); !errors.As(err, &permission) || permission.Remedy != "chmod 700 '"+dir+"'" {
		t.Errorf("got %v", err)
	}
}

func TestReadPrivateDoesNotFollowASymbolicLink(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target.json"), filepath.Join(dir, "link.json")
	writeFile(t, target, encode(t, credential(clusterKey)))
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if text, err := credfile.ReadPrivate(link); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("%q, %v; want ELOOP", text, err)
	}
}

func TestReadPrivateDoesNotWaitAtANamedPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe.json")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip("TMPDIR has no named pipes; use a file system with them: ", err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if text, err := credfile.ReadPrivate(path); err == nil {
			t.Errorf("a pipe gave %q", text)
		}
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("it waits for somebody to write")
	}
}

func TestReadPrivateRefusesAFileOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away; run it as root")
	}
	path := filepath.Join(t.TempDir(), "c.json")
	writeFile(t, path, []byte("text"))
	if err := os.Chown(path, 12345, -1); err != nil {
		t.Skip("a file cannot be given away; use a file system with owners for TMPDIR: ", err)
	}
	_, err := credfile.ReadPrivate(path)
	var permission *credfile.PermissionError
	if !errors.As(err, &permission) || permission.Remedy != "" || !strings.Contains(err.Error(), "user 12345") || strings.Contains(err.Error(), "chown") {
		t.Errorf("got %v, want a *PermissionError that has root take nothing over", err)
	}
}
