// Package atomicfile replaces a file in one step: it writes a temporary file beside it and renames that (rename(2)). A reader
// sees the old file or the new one, never a part, and so it is after a crash or on a full disk.
//
// A file that is a mount point cannot be renamed over, and a rename parts one from its other names (hard links). Replace writes
// such a file in place. Then a reader may see a part for an instant, and a crash may leave one: copies beside it have the old
// and the new text until it is done, and Recover puts the old one back.
package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
)

// Options say how Write writes a file.
type Options struct {
	Mode    fs.FileMode  // permission bits
	Durable bool         // sync before Write returns; without it, a crash of the machine may lose the new file
	Owner   fs.FileInfo  // the file that is replaced: the new one gets its group, ACL and, from root, owner; may be nil
	Check   func() error // called right before the rename; its error leaves the old file; may be nil
}

// A temporary file is .kubectl-vsphere-PID-RANDOM.tmp. No program looks for such a name, and Sweep sees whether its writer
// still runs.
const (
	prefix = ".kubectl-vsphere-"
	suffix = ".tmp"
)

// abandoned is the age at which a temporary file has no writer any more, whatever its name says. Writing takes milliseconds. Who keeps one
// longer (Prepare) must do without it, or have its directory swept by SweepAfter alone.
const abandoned = time.Minute

// CreateTemp creates an empty temporary file (0600) in dir. The caller removes it.
func CreateTemp(dir string) (*os.File, error) {
	return disk.CreateTemp(dir, fmt.Sprintf("%s%d-*%s", prefix, os.Getpid(), suffix))
}

// Abandoned returns the paths of the temporary files in dir whose writers were killed. A directory that cannot be read has
// none.
func Abandoned(dir string) []string { return abandonedAfter(dir, abandoned) }

func abandonedAfter(dir string, age time.Duration) []string {
	var paths []string
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		name, ours := strings.CutPrefix(e.Name(), prefix)
		name, temp := strings.CutSuffix(name, suffix)
		if !ours || !temp {
			continue
		}
		number, _, _ := strings.Cut(name, "-")
		pid, err := strconv.Atoi(number)
		info, infoErr := e.Info()
		if infoErr == nil && (err == nil && !alive(pid) || time.Since(info.ModTime()) > age) {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths
}

// Sweep removes the Abandoned files in dir: they may hold secrets.
func Sweep(dir string) { SweepAfter(dir, abandoned) }

// SweepAfter is Sweep for files that their writers use for as long as age (Prepare).
func SweepAfter(dir string, age time.Duration) {
	for _, path := range abandonedAfter(dir, age) {
		_ = disk.Remove(path)
	}
}

// Write replaces the file at path, or creates it. The path must not be a symbolic link: the rename would replace the link.
// After an error the old file is there and the temporary one is gone, unless syncing the directory failed: then the new
// file is there, and may not be on disk. Errors are those of the system (*fs.PathError, *os.LinkError) or of Check.
func Write(path string, text []byte, o Options) error {
	dir := filepath.Dir(path)
	for try := 1; ; try++ {
		temp, err := writeOnce(path, text, o)
		switch {
		case err == nil && o.Durable:
			return disk.SyncDir(dir)
		case try < tries && temp != "" && errors.Is(err, fs.ErrNotExist):
			continue // A process in another container does not see that its writer runs, and has swept it away.
		}
		return err
	}
}

// tries is how often a file is written whose temporary file disappears.
const tries = 5

// Prepare writes a temporary file (0600) in dir, and returns its path: renamed to a path in the same file system, it is what Write would
// write there. The caller renames or removes it.
func Prepare(dir string, text []byte) (temp string, err error) {
	f, err := CreateTemp(dir)
	if err != nil {
		return "", err
	}
	if err = fill(f, f.Name(), text, Options{Mode: 0o600}); err != nil {
		_ = disk.Remove(f.Name())
	}
	return f.Name(), err
}

// writeOnce returns the path of the temporary file, if it could be made.
func writeOnce(path string, text []byte, o Options) (temp string, err error) {
	f, err := CreateTemp(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	err = fill(f, path, text, o)
	if err == nil && o.Check != nil {
		err = o.Check()
	}
	if err == nil {
		err = disk.Rename(f.Name(), path)
	}
	if err != nil {
		_ = disk.Remove(f.Name())
	}
	return f.Name(), err
}

// Probe returns an error if Write could not write a file of a few bytes in dir. It writes a temporary file and removes it.
func Probe(dir string) error { return probe(dir, block) }

// block is how much Probe writes at least, in bytes: one block, for which a full disk has no room.
const block = 4 << 10

func probe(dir string, size int) error {
	written := errors.New("written")
	err := Write(filepath.Join(dir, "probe"), make([]byte, size), Options{Mode: 0o600, Check: func() error { return written }})
	if errors.Is(err, written) {
		return nil
	}
	return err
}

func fill(f *os.File, path string, text []byte, o Options) error {
	err := disk.Write(f, text)
	mode := o.Mode
	if err == nil && o.Owner != nil {
		mode, err = chownLike(f, o.Owner, mode)
	}
	if err == nil {
		err = disk.Chmod(f, mode)
	}
	if err == nil && o.Owner == nil && mode&0o077 != 0 {
		err = disk.Inherit(f)
	}
	if err == nil && o.Owner != nil && mode&o.Owner.Mode()&0o077 != 0 && disk.CopyACL(f, path) != nil {
		err = disk.Chmod(f, mode&0o700) // Rather nobody else than somebody else.
	}
	if err == nil && o.Durable {
		err = disk.Sync(f)
	}
	return errors.Join(err, f.Close())
}
