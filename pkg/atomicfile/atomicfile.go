// Package atomicfile replaces a file in one step: a temporary file beside it, then a rename (rename(2)). A reader, a crash and
// a full disk leave the old file or the new one, never a part.
package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
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

// Sweep removes the temporary files in a directory that a kill left behind. They may hold what the user wants gone.
func Sweep(dir string) {
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
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// Write replaces the file at path, which must not be a symbolic link: the rename would replace the link.
func Write(path string, text []byte, o Options) error {
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, fmt.Sprintf("%s%d-*%s", prefix, os.Getpid(), suffix))
	if err != nil {
		return err
	}
	err = fill(temp, text, o)
	if err == nil && o.Check != nil {
		err = o.Check()
	}
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
		return err
	}
	if o.Durable {
		return syncDir(dir)
	}
	return nil
}

func fill(f *os.File, text []byte, o Options) error {
	_, err := f.Write(text)
	if err == nil && o.Owner != nil && os.Geteuid() == 0 {
		err = chownLike(f, o.Owner)
	}
	if err == nil {
		err = f.Chmod(o.Mode)
	}
	if err == nil && o.Durable {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncDir makes a rename last. Windows has no such call and orders its metadata itself.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
