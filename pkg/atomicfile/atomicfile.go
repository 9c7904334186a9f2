// Package atomicfile replaces a file in one step: a temporary file beside it, then a rename (rename(2)). A reader, a crash and
// a full disk leave the old file or the new one, never a part.
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

// Options say how a file is written.
type Options struct {
	Mode    fs.FileMode
	Durable bool         // on disk when Write returns; without it a crash of the machine may cost the new file
	Owner   fs.FileInfo  // root gives the new file the owner of this one; nil keeps the writer's
	Check   func() error // asked last before the rename; an error leaves the old file
}

// A temporary file is .kubectl-vsphere-PID-RANDOM.tmp: no name that a reader looks for, and Sweep can tell whether its writer is
// still there.
const (
	prefix = ".kubectl-vsphere-"
	suffix = ".tmp"
)

// abandoned is the age from which on a temporary file is nobody's, whatever its name says. Writing one takes milliseconds.
const abandoned = time.Minute

// CreateTemp makes an empty temporary file (0600) in dir. Whoever makes it removes it.
func CreateTemp(dir string) (*os.File, error) {
	return disk.CreateTemp(dir, fmt.Sprintf("%s%d-*%s", prefix, os.Getpid(), suffix))
}

// Abandoned are the temporary files in a directory that a kill left behind.
func Abandoned(dir string) []string {
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
		if infoErr == nil && (err == nil && !alive(pid) || time.Since(info.ModTime()) > abandoned) {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths
}

// Sweep removes what is Abandoned in a directory. It may hold what the user wants gone.
func Sweep(dir string) {
	for _, path := range Abandoned(dir) {
		_ = disk.Remove(path)
	}
}

// Write replaces the file at path, which must not be a symbolic link: the rename would replace the link.
func Write(path string, text []byte, o Options) error {
	dir := filepath.Dir(path)
	temp, err := CreateTemp(dir)
	if err != nil {
		return err
	}
	err = fill(temp, text, o)
	if err == nil && o.Check != nil {
		err = o.Check()
	}
	if err == nil {
		err = disk.Rename(temp.Name(), path)
	}
	if err != nil {
		_ = disk.Remove(temp.Name())
		return err
	}
	if o.Durable {
		return disk.SyncDir(dir)
	}
	return nil
}

// Probe tells whether Write could write a file in dir: it writes one that never gets a name.
func Probe(dir string) error {
	written := errors.New("written")
	err := Write(filepath.Join(dir, "probe"), make([]byte, probe), Options{Mode: 0o600, Check: func() error { return written }})
	if errors.Is(err, written) {
		return nil
	}
	return err
}

// probe is how much Probe writes, in bytes: a block, which a disk without room has not.
const probe = 4 << 10

func fill(f *os.File, text []byte, o Options) error {
	err := disk.Write(f, text)
	if err == nil && o.Owner != nil && os.Geteuid() == 0 {
		err = chownLike(f, o.Owner)
	}
	if err == nil {
		err = disk.Chmod(f, o.Mode)
	}
	if err == nil && o.Durable {
		err = disk.Sync(f)
	}
	return errors.Join(err, f.Close())
}
