package disk

import (
	"bytes"
	"os"

	"golang.org/x/sys/unix"
)

// accessList is the attribute with the access control list of a file (acl(5)).
const accessList = "system.posix_acl_access"

// CopyACL gives f the access control list of the file at path, or none if that has none. With a list, the mode's bits for the group are a
// bound of what the list grants: without it they would be rights of the group.
func CopyACL(f *os.File, path string) error {
	wanted := listOf(func(b []byte) (int, error) { return unix.Getxattr(path, accessList, b) })
	now := listOf(func(b []byte) (int, error) { return unix.Fgetxattr(int(f.Fd()), accessList, b) })
	switch {
	case bytes.Equal(wanted, now):
		return nil
	case wanted == nil:
		return Do("acl", f.Name(), func() error { return unix.Fremovexattr(int(f.Fd()), accessList) })
	}
	return Do("acl", f.Name(), func() error { return unix.Fsetxattr(int(f.Fd()), accessList, wanted, 0) })
}

// listOf returns the list that get reads; nil if there is none, or the file system has no lists.
func listOf(get func([]byte) (int, error)) []byte {
	list := make([]byte, 64<<10) // The largest value of an attribute (xattr(7)).
	n, err := get(list)
	if err != nil {
		return nil
	}
	return list[:n]
}
