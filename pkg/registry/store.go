package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/atomicfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/filelock"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/owned"
)

// Store is the registries in the store of package tokens, at a directory. Each file is replaced in one step. All writers hold one lock,
// only while they write.
type Store struct{ Dir string }

// Record returns the record of a registry. found is false if it was not added. A file that cannot be read, or that others could have
// written, is an error.
func (s Store) Record(host string) (r Record, found bool, err error) {
	found, err = s.read(path(s.Dir, host, recordFile), &r, &r.Version)
	if err == nil && found && r.Host != host {
		return Record{}, false, fmt.Errorf("%s is about %q", path(s.Dir, host, recordFile), r.Host)
	}
	return r, found, err
}

// Grant returns the grant of a registry, as Record does.
func (s Store) Grant(host string) (g Grant, found bool, err error) {
	text, found, err := s.text(path(s.Dir, host, recordFile))
	if err != nil || !found {
		return Grant{}, false, err
	}
	if g = grantOf(credfile.ParseObject(text)); g.Host == host {
		return g, true, nil
	}
	r, found, err := s.Record(host) // It explains what is wrong.
	return r.Grant(), found, err
}

// Login returns the login that a registry client stored for a host.
func (s Store) Login(host string) (l Login, found bool, err error) {
	found, err = s.read(path(s.Dir, host, loginFile), &l, &l.Version)
	if err == nil && found && l.Host != host {
		return Login{}, false, fmt.Errorf("%s is about %q", path(s.Dir, host, loginFile), l.Host)
	}
	return l, found, err
}

// read reads a file that only the user can have written.
func (s Store) read(path string, into any, version *int) (found bool, err error) {
	text, found, err := s.text(path)
	if err != nil || !found {
		return false, err
	}
	err = credfile.Decode(path, text, into, version)
	return err == nil, err
}

// text returns the content of a file that only the user can have written.
func (s Store) text(path string) (text []byte, found bool, err error) {
	text, err = credfile.ReadPrivate(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err == nil {
		err = credfile.PrivateDirs(s.Dir, filepath.Dir(path))
	}
	return text, err == nil, err
}

// SaveRecord writes a registry.
func (s Store) SaveRecord(r Record) error {
	return s.locked(func() error { return s.saveRecord(r) })
}

func (s Store) saveRecord(r Record) error {
	r.Version = credfile.Version
	return s.write(path(s.Dir, r.Host, recordFile), r)
}

// ReplaceRecord replaces the record old with fresh. If another process has changed or removed the record meanwhile, nothing is written.
func (s Store) ReplaceRecord(old, fresh Record) error {
	return s.UpdateRecord(old.Host, func(now Record) Record {
		if !now.Same(old) {
			return now
		}
		return fresh
	})
}

// UpdateRecord changes the present record of a host with change. Without a record it does nothing.
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

// lockTime bounds the wait for the lock, which nobody holds for long.
const lockTime = 3 * time.Second

// locked calls do under the lock.
func (s Store) locked(do func() error) error {
	unlock, err := filelock.Take(context.Background(), filepath.Join(s.Dir, dir, "lock"), filelock.Options{Patience: lockTime})
	if err != nil {
		return fmt.Errorf("another process holds the lock of the registries: %w", err)
	}
	defer unlock()
	return do()
}

// SaveLogin writes a login.
func (s Store) SaveLogin(l Login) error {
	l.Version = credfile.Version
	return s.locked(func() error { return s.write(path(s.Dir, l.Host, loginFile), l) })
}

// RemoveRecord removes the record of a registry, if there is one.
func (s Store) RemoveRecord(host string) error { return s.remove(path(s.Dir, host, recordFile)) }

// RemoveLogin removes the login for a host. found reports whether there was one.
func (s Store) RemoveLogin(host string) (found bool, err error) {
	_, err = os.Lstat(path(s.Dir, host, loginFile))
	return err == nil, s.remove(path(s.Dir, host, loginFile))
}

// Records returns the records, sorted by host, and an error for each file that cannot be read.
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

// Logins returns the stored logins, sorted by host, and an error for each file that cannot be read.
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

// Session is the part of a session of package tokens that the helper needs.
type Session struct {
	Version int         `json:"version"`
	Server  string      `json:"server"`
	User    string      `json:"user"`
	Names   []string    `json:"names"` // other names with which the user logs in
	Method  string      `json:"method"`
	Renewal redact.JSON `json:"renewal"` // what the method stores; only the names of variables with secrets are read of it
}

// SecretVariables returns the names of the environment variables in which sessions find a token or a secret. No other program gets them.
func (s Store) SecretVariables() (names []string) {
	for _, session := range s.Sessions() {
		var kept struct {
			TokenVariable  string `json:"tokenVariable"`
			SecretVariable string `json:"secretVariable"`
		}
		if json.Unmarshal(session.Renewal, &kept) == nil {
			names = append(names, kept.TokenVariable, kept.SecretVariable)
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// byIssuer is the method of sessions with an identity provider.
const byIssuer = "oidc"

// ByIssuer reports whether the session is with an identity provider, and not with vCenter Single Sign-On.
func (s Session) ByIssuer() bool { return s.Method == byIssuer }

// IssuerMethod returns the method of sessions with an identity provider if somebody logged in by one at a Supervisor once (sites/ of package
// tokens), else "".
func (s Store) IssuerMethod(server string) string {
	var site struct {
		Version int    `json:"version"`
		Server  string `json:"server"`
		Issuer  string `json:"issuer"`
	}
	found, err := s.read(filepath.Join(s.Dir, "sites", strings.ReplaceAll(server, ":", "=")+".json"), &site, &site.Version)
	if err != nil || !found || site.Server != server || site.Issuer == "" {
		return ""
	}
	return byIssuer
}

// Sessions returns the sessions in the store (sessions/ of package tokens). It skips files that cannot be read.
func (s Store) Sessions() (all []Session) {
	const sessions = "sessions"
	entries, _ := os.ReadDir(filepath.Join(s.Dir, sessions))
	for _, e := range entries {
		var session Session
		if found, err := s.read(filepath.Join(s.Dir, sessions, e.Name()), &session, &session.Version); err == nil && found {
			all = append(all, session)
		}
	}
	return all
}

// hosts returns the hosts that have a file with the extension, sorted.
func (s Store) hosts(extension string) (all []string) {
	entries, _ := os.ReadDir(filepath.Join(s.Dir, dir)) // It returns the entries sorted. Without a directory there are none.
	for _, e := range entries {
		host, ok := strings.CutSuffix(e.Name(), extension)
		if !ok || extension == recordFile && strings.HasSuffix(host, loginSuffix) {
			continue
		}
		all = append(all, strings.ReplaceAll(host, "=", ":"))
	}
	return all
}

// write replaces a file. The file is on disk when write returns: a person may have logged in for it.
func (s Store) write(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := disk.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := owned.Check(s.Dir, filepath.Dir(path)); err != nil {
		return err
	}
	atomicfile.Sweep(filepath.Dir(path))
	return atomicfile.Write(path, append(text, '\n'), atomicfile.Options{Mode: 0o600, Durable: true})
}

func (s Store) remove(path string) error {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil // Without the lock, which would create a file: clients also log out of unknown registries.
	}
	return s.locked(func() error {
		if err := disk.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}
