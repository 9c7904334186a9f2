package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk/disktest"
)

// A file that is mounted, as containers have it: whoever else has it open or mounted sees the new text.
func TestReplaceAMountPoint(t *testing.T) {
	if !disktest.Mounts(t) {
		return
	}
	outside, path := there(t, "old"), there(t, "hidden")
	disktest.Mount(t, path, "--bind", outside)
	if err := Write(path, []byte("new"), Options{Mode: 0o600}); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("it can be renamed over: %v", err)
	}
	if err := CheckReplace(path, 100); err != nil {
		t.Error(err)
	}
	if err := Replace(path, []byte("old"), []byte("new text"), Options{Mode: 0o600, Durable: true}); err != nil {
		t.Error(err)
	}
	wantText(t, outside, "new text")
	wantText(t, path, "new text")
	alone(t, path)
	disktest.Run(t, "mount", "-o", "remount,bind,ro", path)
	if err := CheckReplace(path, 100); !errors.Is(err, syscall.EROFS) {
		t.Errorf("it can be written: %v", err)
	}
}

// Where there is no room, a mounted file stays as it was.
func TestReplaceAMountPointOnAFullDisk(t *testing.T) {
	if !disktest.Mounts(t) {
		return
	}
	full := t.TempDir()
	disktest.Mount(t, full, "-t", "tmpfs", "-o", "size=8k", "none")
	outside, path := filepath.Join(full, "file"), there(t, "hidden")
	put(t, outside, "old")
	put(t, filepath.Join(full, "filler"), string(make([]byte, 4096)))
	disktest.Mount(t, path, "--bind", outside)
	before := time.Unix(1, 0)
	if err := os.Chtimes(outside, before, before); err != nil {
		t.Fatal(err)
	}
	if err := CheckReplace(path, 10_000); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("there is room: %v", err)
	}
	if err := Replace(path, []byte("old"), make([]byte, 10_000), Options{Mode: 0o600}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("there is room: %v", err)
	}
	wantText(t, outside, "old")
	alone(t, path)
	if info, err := os.Stat(outside); err != nil || !info.ModTime().Equal(before) {
		t.Errorf("it was written to: %v %v", info, err)
	}
}

func TestCheckReplaceOddPlaces(t *testing.T) {
	if !disktest.Mounts(t) {
		return
	}
	dir := t.TempDir()
	for name, c := range map[string]struct {
		prepare func(t *testing.T, dir, path string)
		want    error
	}{
		"a full file system": {func(t *testing.T, dir, _ string) {
			disktest.Mount(t, dir, "-t", "tmpfs", "-o", "size=16k", "none")
		}, syscall.ENOSPC},
		"a read-only file system": {func(t *testing.T, dir, _ string) {
			disktest.Mount(t, dir, "-t", "tmpfs", "-o", "ro", "none")
		}, syscall.EROFS},
		"an immutable file":  {sealed("+i", true), ErrSealed},
		"an append-only one": {sealed("+a", true), ErrSealed},
		"its directory":      {sealed("+i", false), ErrSealed},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(dir, name)
			path := filepath.Join(dir, "file")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			c.prepare(t, dir, path)
			if err := CheckReplace(path, 40_000); !errors.Is(err, c.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

// sealed sets an attribute of the file or the directory, and takes it off at the end.
func sealed(attribute string, file bool) func(t *testing.T, dir, path string) {
	return func(t *testing.T, dir, path string) {
		put(t, path, "text")
		if !file {
			path = dir
		}
		disktest.Run(t, "chattr", attribute, path)
		t.Cleanup(func() { disktest.Run(t, "chattr", "-i", "-a", path) })
	}
}
