package atomicfile

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk/disktest"
)

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
		disktest.As(t, disktest.User{ID: me, Group: mine, Groups: c.groups}, func() {
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

// acl returns an access control list (acl(5), linux/posix_acl_xattr.h) with rights of the user, another user, the group, and a mask.
func acl(user, other, group, mask uint16) []byte {
	list := binary.LittleEndian.AppendUint32(nil, 2)
	for _, e := range []struct {
		tag, rights uint16
		id          uint32
	}{{1, user, none}, {2, other, 4711}, {4, group, none}, {16, mask, none}, {32, 0, none}} {
		list = binary.LittleEndian.AppendUint16(list, e.tag)
		list = binary.LittleEndian.AppendUint16(list, e.rights)
		list = binary.LittleEndian.AppendUint32(list, e.id)
	}
	return list
}

const none = 1<<32 - 1

// With an access control list, the bits of the group are those of others: the group gets no right by a write, and they keep theirs.
func TestWriteKeepsTheACL(t *testing.T) {
	const attribute = "system.posix_acl_access"
	for name, c := range map[string]struct {
		mode os.FileMode
		list bool
	}{"kept": {0o640, true}, "made private": {0o600, false}} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		want := acl(6, 4, 0, 4)
		if err := unix.Setxattr(path, attribute, want, 0); err != nil {
			t.Skip("TMPDIR has no access control lists; use a file system with them, as ext4 or tmpfs: ", err)
		}
		before, err := os.Stat(path)
		if err != nil || before.Mode().Perm() != 0o640 {
			t.Fatal(err, before)
		}
		if err := Write(path, []byte("new"), Options{Mode: c.mode, Owner: before}); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 1000)
		n, err := unix.Getxattr(path, attribute, got)
		after, statErr := os.Stat(path)
		if c.list != (err == nil && bytes.Equal(got[:n], want)) || statErr != nil || after.Mode().Perm() != c.mode {
			t.Errorf("%s: %v %v %x", name, err, after.Mode(), got[:max(n, 0)])
		}
	}
}

// A directory may have a list for new files: that gives nobody more than the old file did.
func TestWriteInADirectoryWithAnACL(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setxattr(dir, "system.posix_acl_default", acl(7, 7, 0, 7), 0); err != nil {
		t.Skip("TMPDIR has no access control lists; use a file system with them, as ext4 or tmpfs: ", err)
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []byte("new"), Options{Mode: 0o640, Owner: before}); err != nil {
		t.Fatal(err)
	}
	if n, err := unix.Getxattr(path, "system.posix_acl_access", make([]byte, 1000)); err == nil {
		t.Errorf("it has a list of %d bytes", n)
	}
}
