//go:build unix

package bounded_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
)

func TestFile(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{"small": "hello", "exact": strings.Repeat("a", 1024), "large": strings.Repeat("a", 1025)} {
		if err := os.WriteFile(at(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(at("small"), at("link")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(at("fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		at("small"): "", at("link"): "", at("exact"): "",
		at("large"): "is larger than 1 KiB", dir: "is not a regular file", "/dev/zero": "is not a regular file", "/dev/tty": "is not a regular file",
		at("fifo"): "is not a regular file", at("none"): "no such file",
	} {
		text, err := bounded.File(t.Context(), path, 1024, bounded.Regular)
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path)) || err == nil && len(text) == 0 {
			t.Errorf("%s: %q, %v", path, text, err)
		}
	}
	if _, err := bounded.File(t.Context(), at("none"), 1024, bounded.Regular); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// While nobody writes to a pipe, the end of ctx ends the wait.
func TestFileOfAPipeWithoutAWriter(t *testing.T) {
	path := fifo(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := bounded.File(ctx, path, 1024, bounded.RegularOrPipe); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	writer, err := os.OpenFile(path, os.O_RDWR, 0) // So that the reader that is left behind ends.
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
	if err := writer.Close(); err != nil {
		t.Error(err)
	}
}

// A pipe is read to its end, within the bound.
func TestFileOfAPipe(t *testing.T) {
	for _, c := range []struct{ text, want string }{{"hello", ""}, {strings.Repeat("a", 2000), "is larger than 1 KiB"}} {
		path := fifo(t)
		go func() { _ = os.WriteFile(path, []byte(c.text), 0o600) }()
		text, err := bounded.File(t.Context(), path, 1024, bounded.RegularOrPipe)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) || err == nil && string(text) != c.text {
			t.Errorf("%q, %v", text, err)
		}
	}
}
