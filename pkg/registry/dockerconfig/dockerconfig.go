// Package dockerconfig edits docker's config.json, which nearly every registry client reads
// (https://docs.docker.com/reference/cli/docker/#configuration-files). It changes entries of credHelpers and nothing else.
// The file is edited as text: unknown keys, order, indentation and line ends stay as they are.
package dockerconfig

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// Environment variables that name docker's directory, and podman's file.
const (
	Variable       = "DOCKER_CONFIG"
	PodmanVariable = "REGISTRY_AUTH_FILE"
)

// Path returns the path of config.json: in $DOCKER_CONFIG, else in .docker in the home directory.
func Path(getenv func(string) string, home string) string {
	if dir := getenv(Variable); dir != "" {
		return filepath.Join(dir, "config.json")
	}
	return filepath.Join(home, ".docker", "config.json")
}

// PodmanPath returns the path of auth.json, which podman, skopeo and buildah read before config.json
// (containers-auth.json(5)): $REGISTRY_AUTH_FILE, else the one in the user's configuration. The one below
// $XDG_RUNTIME_DIR does not last.
func PodmanPath(getenv func(string) string, home string) string {
	if path := getenv(PodmanVariable); path != "" {
		return path
	}
	if dir := getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "containers", "auth.json")
	}
	return filepath.Join(home, ".config", "containers", "auth.json")
}

// File is a config.json.
type File struct {
	Path     string
	Variable string      // the environment variable that can name another place, for errors
	Lock     string      // the path of a lock file of our own; docker itself locks nothing
	Waiting  func()      // called before waiting for another process of ours; may be nil
	Warn     func(error) // called when the lock does not work, before going on without it; may be nil
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
