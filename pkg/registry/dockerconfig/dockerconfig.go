// Package dockerconfig edits docker's config.json, which nearly every registry client reads
// (https://docs.docker.com/reference/cli/docker/#configuration-files). It changes entries of credHelpers and nothing else: the file is edited as
// text, so that unknown keys, their order, indentation and line ends stay as they are.
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
	"slices"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/atomicfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/filelock"
)

// Path is config.json: in $DOCKER_CONFIG, else in .docker of the home.
func Path(getenv func(string) string, home string) string {
	if dir := getenv("DOCKER_CONFIG"); dir != "" {
		return filepath.Join(dir, "config.json")
	}
	return filepath.Join(home, ".docker", "config.json")
}

// PodmanPath is auth.json, which podman, skopeo and buildah read before config.json (containers-auth.json(5)): $REGISTRY_AUTH_FILE, else the
// one that lasts.
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
	Path string
	Lock string // a file of ours that is locked meanwhile; docker itself locks nothing
	// Waiting is called when another process of ours is at it, and Warn for a lock that cannot be had.
	Waiting func()
	Warn    func(error)
}

// maxFile bounds what is read; every login that docker keeps in the file has about 100 bytes.
const maxFile = 4 << 20

// OtherHelperError is a registry that has another helper.
type OtherHelperError struct{ Path, Host, Helper string }

// Error names both.
func (e *OtherHelperError) Error() string {
	return fmt.Sprintf("%s has the helper %q for %s", e.Path, e.Helper, e.Host)
}

// Helpers are the entries: host to helper. A file that is not there has none.
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

// Set makes helper the one of hosts, and tells whether that changed the file. Another helper is an *OtherHelperError, unless force is set.
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

// Remove takes the entries of hosts away that have the helper, and tells whether that changed the file.
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

// errChanged is a file that somebody else wrote while we edited it.
var errChanged = errors.New("it changes faster than it can be edited")

// patience bounds the wait for another process of ours that edits the file.
const patience = 2 * time.Minute

// tries is how often an edit begins anew for that.
const tries = 10

// edit reads, changes and replaces the file under our lock. wanted makes the entries what they must be then.
func (f File) edit(ctx context.Context, change func(*document) ([]byte, error), wanted func(map[string]string)) (changed bool, err error) {
	unlock, err := filelock.Take(ctx, f.Lock, filelock.Options{Patience: patience, Waiting: f.waiting, Unlocked: f.warn})
	if err != nil {
		return false, err
	}
	defer unlock()
	if path, err := filepath.EvalSymlinks(f.Path); err == nil {
		atomicfile.Sweep(filepath.Dir(path))
	}
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

// read gives the text of the file, and nothing for one that is not there.
func (f File) read() (text []byte, info fs.FileInfo, err error) {
	info, err = os.Stat(f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, linkErr := os.Lstat(f.Path); linkErr == nil {
			return nil, nil, fmt.Errorf("%s is a link that leads to nothing", f.Path)
		}
		return nil, nil, nil
	case err != nil:
		return nil, nil, err
	case !info.Mode().IsRegular():
		return nil, nil, fmt.Errorf("%s is not a file", f.Path)
	case info.Size() > maxFile:
		return nil, nil, fmt.Errorf("%s is larger than %d MiB", f.Path, maxFile>>20)
	}
	text, err = os.ReadFile(f.Path)
	return text, info, err
}

// write replaces the file where it is: a link stays, and leads to the new text.
func (f File) write(old, edited []byte, info fs.FileInfo) error {
	path, options := f.Path, atomicfile.Options{Mode: 0o600, Durable: true}
	if info == nil {
		if err := disk.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
	} else {
		if info.Mode().Perm()&0o200 == 0 {
			return fmt.Errorf("%s is read-only", f.Path)
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
	return atomicfile.Write(path, edited, options)
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

// Line is what a person enters by hand where the file cannot be edited.
func Line(host, helper string) string {
	return strings.Join([]string{`"`, section, `": {"`, host, `": "`, helper, `"}`}, "")
}
