// Package atomicfile replaces a file in one step: a temporary file beside it, then a rename (rename(2)). A reader, a crash and
// a full disk leave the old file or the new one, never a part.
package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Options say how a file is written.
type Options struct {
	Mode    fs.FileMode
	Durable bool         // on disk when Write returns; without it a crash of the machine may cost the new file
	Owner   fs.FileInfo  // root gives the new file the owner of this one; nil keeps the writer's
	Check   func() error // asked last before the rename; an error leaves the old file
}

// prefix begins the name of a temporary file, which a kill can leave behind. It is no name that a reader looks for.
const prefix = ".tmp-"

// Write replaces the file at path, which must not be a symbolic link: the rename would replace the link.
func Write(path string, text []byte, o Options) error {
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, prefix+"*")
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
