// Package disktest shows a test which calls changed files, and lets it mount something or be somebody else.
package disktest

import (
	"os"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// User is somebody else.
type User struct {
	ID, Group int
	Groups    []uint32 // further ones
}

// As runs do as another user, on a thread that ends with it. It skips the test unless it runs as root.
func As(t *testing.T, u User, do func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can be somebody else; run it as root")
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()                                   // Without an end: nobody else gets this thread.
		groups := append([]uint32{uint32(u.Group)}, u.Groups...) //nolint:gosec // An ID of a group is that small.
		uid, gid := uintptr(u.ID), uintptr(u.Group)
		for _, call := range [][4]uintptr{
			{unix.SYS_SETGROUPS, uintptr(len(groups)), uintptr(unsafe.Pointer(&groups[0]))}, //nolint:gosec // As the system call wants it.
			{unix.SYS_SETRESGID, gid, gid, gid},
			{unix.SYS_SETRESUID, uid, uid, uid},
		} {
			if _, _, errno := syscall.RawSyscall(call[0], call[1], call[2], call[3]); errno != 0 {
				t.Errorf("become user %d: %v", u.ID, errno)
				return
			}
		}
		do()
	}()
	<-done
}
