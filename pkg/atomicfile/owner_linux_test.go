package atomicfile

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// as runs do as another user, on a thread that ends with it.
func as(t *testing.T, uid, gid int, groups []uint32, do func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can be somebody else")
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // Without an end: nobody else gets this thread.
		groups = append(groups, uint32(gid))
		for _, call := range [][4]uintptr{
			{unix.SYS_SETGROUPS, uintptr(len(groups)), uintptr(unsafe.Pointer(&groups[0]))},
			{unix.SYS_SETRESGID, uintptr(gid), uintptr(gid), uintptr(gid)},
			{unix.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)},
		} {
			if _, _, errno := syscall.RawSyscall(call[0], call[1], call[2], call[3]); errno != 0 {
				t.Errorf("become user %d: %v", uid, errno)
				return
			}
		}
		do()
	}()
	<-done
}

// A file that another group could read is not shown to the group of whoever writes it.
func TestWriteKeepsTheGroup(t *testing.T) {
	const me, mine, other = 12345, 12345, 54321
	for _, c := range []struct {
		name       string
		groups     []uint32
		mode, want os.FileMode
		gid        uint32
	}{
		{"a group of mine", []uint32{other}, 0o640, 0o640, other},
		{"no group of mine", nil, 0o640, 0o600, mine},
		{"everybody may read", nil, 0o664, 0o644, mine},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "file")
		err := os.WriteFile(path, []byte("old"), 0o600)
		for _, do := range []func() error{
			func() error { return os.Chmod(filepath.Dir(dir), 0o711) },
			func() error { return os.Chown(dir, me, mine) },
			func() error { return os.Chown(path, me, other) },
			func() error { return os.Chmod(path, c.mode) },
		} {
			if err == nil {
				err = do()
			}
		}
		before, statErr := os.Stat(path)
		if err != nil || statErr != nil {
			t.Fatal(err, statErr)
		}
		as(t, me, mine, c.groups, func() {
			if err := Write(path, []byte("new"), Options{Mode: c.mode, Owner: before}); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		})
		after, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if stat, ok := after.Sys().(*syscall.Stat_t); !ok || after.Mode().Perm() != c.want || stat.Gid != c.gid || stat.Uid != me {
			t.Errorf("%s: mode %o, %+v", c.name, after.Mode().Perm(), stat)
		}
	}
}
