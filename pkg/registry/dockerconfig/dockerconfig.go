// Package dockerconfig edits docker's config.json, which nearly every registry client reads
// (https://docs.docker.com/reference/cli/docker/#configuration-files). It changes entries of credHelpers and nothing else.
// The file is edited as text: unknown keys, order, indentation and line ends stay as they are.
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
	"slices"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/atomicfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/filelock"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// Path returns the path of config.json: in $DOCKER_CONFIG, else in .docker in the home directory.
func Path(getenv func(string) string, home string) string {
	if dir := getenv("DOCKER_CONFIG"); dir != "" {
		return filepath.Join(dir, "config.json")
	}
	return filepath.Join(home, ".docker", "config.json")
}

// PodmanPath returns the path of auth.json, which podman, skopeo and buildah read before config.json
// (containers-auth.json(5)): $REGISTRY_AUTH_FILE, else the one in the user's configuration. The one below
// $XDG_RUNTIME_DIR does not last.
func PodmanPath(getenv func(string) string, home string) string {
	if path := getenv("REGISTRY_AUTH_FILE"); path != "" {
		return path
	}
	if dir := getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "containers", "auth.json")
	}
	return filepath.Join(home, ".config", "containers", "auth.json")
}

// File is a config.json.
type File struct {
	Path    string
	Lock    string      // the path of a lock file of our own; docker itself locks nothing
	Waiting func()      // called before waiting for another process of ours; may be nil
	Warn    func(error) // called when the lock does not work, before going on without it; may be nil
}

// maxFile is the largest file, in bytes, that is read. A login in it has about 100 bytes.
const maxFile = 4 << 20

// OtherHelperError means that the file Path has the helper Helper, which is not ours, for the registry Host.
type OtherHelperError struct{ Path, Host, Helper string }

// Error names all three.
func (e *OtherHelperError) Error() string {
	return fmt.Sprintf("%s has the helper %q for %s", e.Path, e.Helper, e.Host)
}

// Helpers returns the entries: host to helper. A missing file has none.
func (f File) Helpers() (map[string]string, error) {
	text, _, err := f.read()
	if err != nil {
		return nil, err
	}
	d, err := parse(text)
	if err != nil {
		return nil, f.refused(err)
	}
	return d.all(), nil
}

// Set makes helper the helper of hosts, and reports whether that changed the file. If a host has another helper, the error is
// an *OtherHelperError and the file stays as it was; force replaces the other helper instead.
func (f File) Set(ctx context.Context, hosts []string, helper string, force bool) (changed bool, err error) {
	return f.edit(ctx, func(d *document) ([]byte, error) {
		for _, host := range hosts {
			was, found := d.all()[host]
			if found && was != helper && !force {
				return nil, &OtherHelperError{f.Path, host, was}
			}
			if found && was == helper {
				continue
			}
			var err error
			if d, err = parse(d.set(host, helper)); err != nil {
				return nil, err
			}
		}
		return d.text, nil
	}, func(entries map[string]string) {
		for _, host := range hosts {
			entries[host] = helper
		}
	})
}

// Remove deletes the entries of those hosts that have the helper, and reports whether that changed the file.
func (f File) Remove(ctx context.Context, hosts []string, helper string) (changed bool, err error) {
	return f.edit(ctx, func(d *document) ([]byte, error) {
		for _, host := range hosts {
			if d.all()[host] != helper {
				continue
			}
			var err error
			if d, err = parse(d.remove(host)); err != nil {
				return nil, err
			}
		}
		return d.text, nil
	}, func(entries map[string]string) {
		maps.DeleteFunc(entries, func(host, was string) bool { return was == helper && slices.Contains(hosts, host) })
	})
}

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
		return nil, nil, foreign(f.Path, err)
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
			return err
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

// unwritten says of an error which file it is about: that may have been a temporary one.
func (f File) unwritten(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
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

func (f File) refused(err error) error { return fmt.Errorf("%s: %w", f.Path, err) }

func (f File) waiting() {
	if f.Waiting != nil {
		f.Waiting()
	}
}

func (f File) warn(err error) {
	if f.Warn != nil {
		f.Warn(err)
	}
}

// Line is the entry as a person types it into a file that we cannot edit.
func Line(host, helper string) string {
	return strings.Join([]string{`"`, section, `": {"`, host, `": "`, helper, `"}`}, "")
}
