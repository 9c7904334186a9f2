package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/atomicfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/filelock"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// Store is the registries of the store of package tokens at a directory. Each file is replaced in one step, and all that writes does so
// under one lock, which is held for as long as that takes and no longer.
type Store struct{ Dir string }

// Record finds a registry. One that was not added is not found; a file that others could have written is an error, as is one that
// cannot be read.
func (s Store) Record(host string) (r Record, found bool, err error) {
	found, err = s.read(path(s.Dir, host, recordFile), &r)
	if err == nil && found && r.Host != host {
		return Record{}, false, fmt.Errorf("%s is about %q", path(s.Dir, host, recordFile), r.Host)
	}
	return r, found, err
}

// Login finds what a registry client stored for a host.
func (s Store) Login(host string) (l Login, found bool, err error) {
	found, err = s.read(path(s.Dir, host, loginFile), &l)
	if err == nil && found && l.Host != host {
		return Login{}, false, fmt.Errorf("%s is about %q", path(s.Dir, host, loginFile), l.Host)
	}
	return l, found, err
}

// read reads a file of ours, which nobody else can have put there.
func (s Store) read(path string, into any) (found bool, err error) {
	text, err := credfile.ReadPrivate(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := credfile.PrivateDirs(s.Dir, filepath.Dir(path)); err != nil {
		return false, err
	}
	err = credfile.Decode(path, text, into)
	return err == nil, err
}

// SaveRecord writes a registry.
func (s Store) SaveRecord(r Record) error {
	return s.locked(func() error { return s.saveRecord(r) })
}

func (s Store) saveRecord(r Record) error {
	r.Version = credfile.Version
	return s.write(path(s.Dir, r.Host, recordFile), r)
}

// ReplaceRecord writes what became of a registry, unless somebody else has changed or removed it meanwhile: then that counts.
func (s Store) ReplaceRecord(old, fresh Record) error {
	return s.UpdateRecord(old.Host, func(now Record) Record {
		if !now.Same(old) {
			return now
		}
		return fresh
	})
}

// UpdateRecord changes a registry by what is known of it now; one that is not known stays so.
func (s Store) UpdateRecord(host string, change func(Record) Record) error {
	return s.locked(func() error {
		now, found, err := s.Record(host)
		if err != nil || !found {
			return err
		}
		if fresh := change(now); !fresh.Same(now) {
			return s.saveRecord(fresh)
		}
		return nil
	})
}

// lockTime bounds the wait for the lock: nobody holds it for long.
const lockTime = 3 * time.Second

// locked does something that nobody else does meanwhile.
func (s Store) locked(do func() error) error {
	unlock, err := filelock.Take(context.Background(), filepath.Join(s.Dir, dir, "lock"), filelock.Options{Patience: lockTime})
	if err != nil {
		return fmt.Errorf("another process changes what is known of registries, and does not end: %w", err)
	}
	defer unlock()
	return do()
}

// SaveLogin writes what a registry client stored.
func (s Store) SaveLogin(l Login) error {
	l.Version = credfile.Version
	return s.locked(func() error { return s.write(path(s.Dir, l.Host, loginFile), l) })
}

// RemoveRecord forgets a registry; one that is not there is fine.
func (s Store) RemoveRecord(host string) error { return s.remove(path(s.Dir, host, recordFile)) }

// RemoveLogin forgets what was stored; found tells whether there was something.
func (s Store) RemoveLogin(host string) (found bool, err error) {
	_, err = os.Lstat(path(s.Dir, host, loginFile))
	return err == nil, s.remove(path(s.Dir, host, loginFile))
}

// Records lists the registries by host, and what is wrong with those that cannot be read.
func (s Store) Records() (all []Record, errs []error) {
	for _, host := range s.hosts(recordFile) {
		r, found, err := s.Record(host)
		switch {
		case err != nil:
			errs = append(errs, err)
		case found:
			all = append(all, r)
		}
	}
	return all, errs
}

// Logins lists what registry clients stored, by host.
func (s Store) Logins() (all []Login, errs []error) {
	for _, host := range s.hosts(loginFile) {
		l, found, err := s.Login(host)
		switch {
		case err != nil:
			errs = append(errs, err)
		case found:
			all = append(all, l)
		}
	}
	return all, errs
}

// Session is what a session of package tokens says of a person.
type Session struct {
	Server string `json:"server"`
	User   string `json:"user"`
	Method string `json:"method"`
}

// ByIssuer reports whether an identity provider vouches for the person, and not vCenter.
func (s Session) ByIssuer() bool { return s.Method == "oidc" }

// Sessions are those of the store (sessions/ of package tokens). What cannot be read is none.
func (s Store) Sessions() (all []Session) {
	const sessions = "sessions"
	entries, _ := os.ReadDir(filepath.Join(s.Dir, sessions))
	for _, e := range entries {
		var session Session
		if found, err := s.read(filepath.Join(s.Dir, sessions, e.Name()), &session); err == nil && found {
			all = append(all, session)
		}
	}
	return all
}

// hosts are those that have a file with the extension.
func (s Store) hosts(extension string) (all []string) {
	entries, _ := os.ReadDir(filepath.Join(s.Dir, dir)) // Sorted; none: none were added.
	for _, e := range entries {
		host, ok := strings.CutSuffix(e.Name(), extension)
		if !ok || extension == recordFile && strings.HasSuffix(host, loginSuffix) {
			continue
		}
		all = append(all, strings.ReplaceAll(host, "=", ":"))
	}
	return all
}

// write replaces a file. What a login cost a person is on the disk when it returns.
func (s Store) write(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := disk.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	atomicfile.Sweep(filepath.Dir(path))
	return atomicfile.Write(path, append(text, '\n'), atomicfile.Options{Mode: 0o600, Durable: true})
}

func (s Store) remove(path string) error {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil // A client's logout of a registry that never was leaves nothing behind.
	}
	return s.locked(func() error {
		if err := disk.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}
