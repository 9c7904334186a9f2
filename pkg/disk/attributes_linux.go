package disk

import (
	"errors"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// AttributesOf returns the attributes of a file (statx(2)). What the kernel does not tell, as before Linux 5.8, is false.
func AttributesOf(path string) Attributes {
	var s unix.Statx_t
	if unix.Statx(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT, 0, &s) != nil {
		return Attributes{}
	}
	has := func(attribute uint64) bool { return s.Attributes_mask&s.Attributes&attribute != 0 }
	return Attributes{Mounted: has(unix.STATX_ATTR_MOUNT_ROOT), Sealed: has(unix.STATX_ATTR_IMMUTABLE) || has(unix.STATX_ATTR_APPEND)}
}

// OfKernel reports whether a path is on a file system in which the kernel alone makes files, such as /proc.
func OfKernel(path string) bool {
	for {
		var s unix.Statfs_t
		if unix.Statfs(path, &s) == nil {
			return slices.Contains([]int64{unix.PROC_SUPER_MAGIC, unix.SYSFS_MAGIC, unix.CGROUP_SUPER_MAGIC, unix.CGROUP2_SUPER_MAGIC}, int64(s.Type)) //nolint:unconvert // Its type depends on the architecture.
		}
		up := filepath.Dir(path)
		if up == path {
			return false
		}
		path = up
	}
}

// Reserve makes sure that f has room for size bytes, as far as the file system can. It does not change its text or length (fallocate(2)).
func Reserve(f *os.File, size int64) error {
	err := Do("reserve", f.Name(), func() error { return unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, max(size, 1)) })
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		return nil
	}
	return err
}
