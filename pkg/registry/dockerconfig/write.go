package dockerconfig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/atomicfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/filelock"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// errChanged means that another program wrote the file while we edited it.
var errChanged = errors.New("it keeps being changed by another program")

// patience bounds the wait for another process of ours that edits the file.
const patience = 2 * time.Minute

// tries is how often an edit starts again after errChanged.
const tries = 10

// lock takes our lock and removes what killed processes left: temporary files, and a file that was half written in place.
func (f File) lock(ctx context.Context) (unlock func(), err error) {
	unlock, err = filelock.Take(ctx, f.Lock, filelock.Options{Patience: patience, Waiting: f.waiting, Unlocked: f.warn})
	if err != nil {
		return nil, err
	}
	if path, err := filepath.EvalSymlinks(f.Path); err == nil {
		atomicfile.Sweep(filepath.Dir(path))
		if _, err := atomicfile.Recover(path); err != nil {
			f.warn(err)
		}
	}
	return unlock, nil
}

// edit reads, changes and replaces the file under our lock. wanted makes the same change in the map of entries, to check the
// edited text.
func (f File) edit(ctx context.Context, change func(*document) ([]byte, error), wanted func(map[string]string)) (changed bool, err error) {
	unlock, err := f.lock(ctx)
	if err != nil {
		return false, err
	}
	defer unlock()
	for range tries {
		changed, err = f.editOnce(change, wanted)
		if !errors.Is(err, errChanged) {
			return changed, err
		}
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
	}
	return false, f.refused(err)
}

func (f File) editOnce(change func(*document) ([]byte, error), wanted func(map[string]string)) (changed bool, err error) {
	old, info, err := f.read()
	if err != nil {
		return false, err
	}
	d, err := parse(old)
	if err != nil {
		return false, f.refused(err)
	}
	before := d.all()
	entries := maps.Clone(before)
	wanted(entries)
	if maps.Equal(before, entries) {
		return false, nil
	}
	edited, err := change(d)
	if err != nil {
		return false, err
	}
	if err := verify(old, edited, entries); err != nil {
		return false, f.refused(err)
	}
	return true, f.write(old, edited, info)
}

// read returns the text of the file; a missing file has no text and no info.
func (f File) read() (text []byte, info fs.FileInfo, err error) {
	info, err = os.Stat(f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, linkErr := os.Lstat(f.Path); linkErr == nil {
			return nil, nil, fmt.Errorf("%s is a symbolic link to a missing file", f.Path)
		}
		return nil, nil, nil
	case err != nil:
		return nil, nil, f.unwritten(foreign(f.Path, err))
	case !info.Mode().IsRegular():
		return nil, nil, fmt.Errorf("%s is not a regular file", f.Path)
	case info.Size() > maxFile:
		return nil, nil, fmt.Errorf("%s is larger than %d MiB", f.Path, maxFile>>20)
	}
	text, err = bounded.File(context.Background(), f.Path, maxFile, bounded.Regular)
	return text, info, foreign(f.Path, err)
}

// write replaces the file. A symbolic link stays: the file that it leads to is replaced.
func (f File) write(old, edited []byte, info fs.FileInfo) error {
	path, options := f.Path, atomicfile.Options{Mode: 0o600, Durable: true}
	if info == nil {
		if err := disk.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return f.unwritten(err)
		}
	} else {
		if err := f.readOnly(info); err != nil {
			return err
		}
		var err error
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return err
		}
		options.Mode, options.Owner = info.Mode().Perm(), info
	}
	options.Check = func() error {
		now, _, err := f.read()
		if err == nil && !bytes.Equal(now, old) {
			err = errChanged
		}
		return err
	}
	return f.unwritten(atomicfile.Replace(path, old, edited, options))
}

// target is the file that is replaced: where symbolic links lead, if they lead to a file.
func (f File) target() string {
	if path, err := filepath.EvalSymlinks(f.Path); err == nil {
		return path
	}
	return f.Path
}

func (f File) readOnly(info fs.FileInfo) error {
	if info.Mode().Perm()&0o200 != 0 {
		return nil
	}
	command := "chmod u+w"
	if runtime.GOOS == "windows" {
		command = "attrib -r"
	}
	return fmt.Errorf("%s is read-only; type: %s %s", f.Path, command, safetext.Word(f.Path))
}

// unwritten says of an error which file it is about: that may have been a temporary one. Where no user can write, it says so.
func (f File) unwritten(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		if why := disk.Unwritable(f.target(), err); why != "" {
			return fmt.Errorf("%s cannot be used: %s; set %s to another place", f.Path, why, f.Variable)
		}
		if err := foreign(pathErr.Path, err); !errors.As(err, &pathErr) {
			return err
		}
		return fmt.Errorf("%s cannot be written: %s: %w", f.Path, filepath.Dir(pathErr.Path), pathErr.Err)
	}
	return err
}

// foreign names the command if err is for want of permission and something on the way to path belongs to somebody else, as root's after
// a sudo that keeps HOME; else it returns err.
func foreign(path string, err error) error {
	if place, owner := disk.Foreign(path); place != "" && errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%s belongs to user %d; type: sudo chown -R %d %s", place, owner, os.Geteuid(), safetext.Word(place))
	}
	return err
}

// room is what an entry may add, in bytes.
const room = 4 << 10

// Check returns an error if it is clear beforehand that Set cannot write the file. It leaves nothing.
func (f File) Check(ctx context.Context) error {
	if path, err := filepath.EvalSymlinks(f.Path); err == nil && atomicfile.Unfinished(path) {
		unlock, err := f.lock(ctx)
		if err != nil {
			return err
		}
		unlock()
	}
	text, info, err := f.read()
	if err != nil {
		return err
	}
	if _, err := parse(text); err != nil {
		return f.refused(err)
	}
	path := f.Path
	if info != nil {
		if err := f.readOnly(info); err != nil {
			return err
		}
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return err
		}
	}
	return f.unwritten(atomicfile.CheckReplace(path, len(text)+room))
}
