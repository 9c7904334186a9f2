// Package tokens stores sessions and credentials, locks them, renews them and gives them out. It knows no login method and no network:
// the caller gives it a function that renews.
//
// The store is a directory that only the user can use:
//
//	sessions/<id>.json       a session; written with fsync, since losing one costs a login
//	credentials/<id>.json    a finished ExecCredential; a cache: a file that cannot be parsed is a miss
//	sites/<host>.json        a Site: how a server is verified; written with fsync, and a logout leaves it
//	vcenters/<host>.json     the same of a vCenter
//	served/<id>.json         Served of a credential; a cache
//	accounts/<id>.lock       locked while a credential of the account is renewed; never removed
//	accounts/<id>.json       the Mark of an account, or of a failed renewal; the Outage of a session
//	ssh/                     host keys of nodes; the key of a session with one, as long as it lasts
package tokens

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/atomicfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/order"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/owned"
)

// Store is the directory of sessions and credentials.
type Store struct {
	dir string

	mu     sync.Mutex
	staged map[string]staged // by the path of the credential's file
}

const (
	sessionsDir = "sessions"
	accountsDir = "accounts"
)

// Open returns the store at dir, which need not exist yet. A directory that other people can use is a *credfile.PermissionError.
func Open(dir string) (*Store, error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, foreign(dir, err)
	case !info.IsDir():
		return nil, fmt.Errorf("%s is not a directory; move it away, or set %s to another place", dir, credfile.HomeVariable)
	default:
		if err := owned.Check(dir); err != nil {
			return nil, err
		}
		if err := foreign(dir, readable(dir)); err != nil { // Root's own, which root alone can use.
			return nil, err
		}
	}
	return &Store{dir: dir}, nil
}

// Dir returns the directory of the store.
func (s *Store) Dir() string { return s.dir }

// Sessions returns the sessions, the last login first, and an error for each file that cannot be read.
func (s *Store) Sessions() ([]Session, []error) {
	var all []Session
	var errs []error
	for _, path := range s.list(sessionsDir) {
		session, err := readSession(path)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		all = append(all, session)
	}
	order.By(all, func(a, b Session) int { return b.Updated.Compare(a.Updated) })
	return all, errs
}

// Session returns the session of a user at a Supervisor.
func (s *Store) Session(server, user string) (Session, bool) {
	for _, session := range s.SessionsAt(server) {
		if session.ID == SessionID(server, user) {
			return session, true
		}
	}
	return Session{}, false
}

// SessionsAt returns the sessions at a Supervisor, the last login first. It leaves out files that cannot be read.
func (s *Store) SessionsAt(server string) []Session {
	all, _ := s.Sessions()
	return slices.DeleteFunc(all, func(session Session) bool { return session.Server != server })
}

// SessionPath returns the path of a session's file.
func (s *Store) SessionPath(id string) string { return filepath.Join(s.dir, sessionsDir, id+".json") }

// FindSession returns the session of key: the one at that Supervisor, else the one with the last login that covers the host (Covering).
// The error is that of a session file that cannot be read.
func (s *Store) FindSession(key Key) (Session, bool, error) {
	direct, err := readSession(s.SessionPath(SessionID(key.Server, key.User)))
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return direct, err == nil, err
	}
	all, _ := s.Sessions()
	if covering := Covering(all, key); len(covering) > 0 {
		return covering[0], true, nil
	}
	return Session{}, false, nil
}

// SaveSession writes a session and returns it with its ID. If the session exists, Created keeps its value, and TokenFiles get the new ones.
// The error is a *WriteError.
func (s *Store) SaveSession(session Session) (Session, error) {
	session.Version = credfile.Version
	session.ID = SessionID(session.Server, session.User)
	path := s.SessionPath(session.ID)
	if old, err := readSession(path); err == nil {
		session.Created = old.Created
		for _, path := range session.TokenFiles {
			if !slices.Contains(old.TokenFiles, path) {
				old.TokenFiles = append(old.TokenFiles, path)
			}
		}
		session.TokenFiles = old.TokenFiles[max(0, len(old.TokenFiles)-maxTokenFiles):]
	}
	text, err := json.MarshalIndent(session, "", "  ")
	if err != nil {
		return session, err
	}
	return session, s.write(path, append(text, '\n'), durable)
}

// maxTokenFiles bounds Session.TokenFiles: a job that names a new file each time must not fill the store. The oldest are forgotten.
const maxTokenFiles = 100

// UpdateSession writes a session that exists. After a logout it does not exist: then the error is a *LoginRequiredError.
func (s *Store) UpdateSession(session Session) (Session, error) {
	if _, err := os.Stat(s.SessionPath(session.ID)); errors.Is(err, fs.ErrNotExist) {
		return session, notLoggedIn(Key{Server: session.Server, User: session.User})
	}
	return s.SaveSession(session)
}

// DeleteSession removes a session with its credentials and its outage.
func (s *Store) DeleteSession(id string) error {
	all, _ := s.Credentials()
	for _, c := range all {
		if c.Session == id {
			if err := s.DeleteCredential(c.Key); err != nil {
				return err
			}
		}
	}
	return errors.Join(remove(s.SessionPath(id)), s.EndOutage(id))
}

// Credential reads the credential of key. A file that cannot be read is a miss, except for a *credfile.PermissionError and a
// *credfile.VersionError, which the user must see.
func (s *Store) Credential(key Key) (Credential, bool, error) {
	f, err := credfile.Read(credfile.Path(s.dir, key))
	var version *credfile.VersionError
	var permission *credfile.PermissionError
	switch {
	case errors.As(err, &version), errors.As(err, &permission):
		return Credential{}, false, err
	case err != nil || !f.Key().Same(key):
		return Credential{}, false, nil //nolint:nilerr // A miss of the cache.
	}
	c, err := fromFile(f)
	return c, err == nil, nil
}

// SaveCredential writes a credential.
func (s *Store) SaveCredential(c Credential) error {
	if s.saveStaged(c) {
		return nil
	}
	text, err := c.text()
	if err != nil {
		return err
	}
	return s.write(credfile.Path(s.dir, c.Key), text, cache)
}

// DeleteCredential removes the credential of key, if there is one.
func (s *Store) DeleteCredential(key Key) error {
	return errors.Join(remove(credfile.Path(s.dir, key)), remove(s.servedPath(key)), s.ClearMark(failedMark(key)))
}

// Credentials returns the credentials, sorted by server and cluster, and an error for each file that cannot be read.
func (s *Store) Credentials() ([]Credential, []error) {
	var all []Credential
	var errs []error
	for _, path := range s.list(credfile.Credentials) {
		f, err := credfile.Read(path)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if c, err := fromFile(f); err == nil {
			all = append(all, c)
		}
	}
	order.By(all, func(a, b Credential) int {
		return strings.Compare(a.Key.Server+" "+a.Key.Cluster, b.Key.Server+" "+b.Key.Cluster)
	})
	return all, errs
}

// Clear removes every session, credential and mark, including files that cannot be read. Sites stay. Of refusals of the last minutes, their number and
// times stay: a script that logs out and in again must not lock the account.
func (s *Store) Clear() error {
	errs := []error{s.ClearTokens()}
	for _, path := range s.list(accountsDir) {
		errs = append(errs, s.clearMark(path))
	}
	return errors.Join(errs...)
}

// ClearTokens removes every session and credential, including files that cannot be read.
func (s *Store) ClearTokens() error {
	var errs []error
	for _, sub := range []string{credfile.Credentials, sessionsDir, servedDir} {
		for _, path := range s.list(sub) {
			errs = append(errs, remove(path))
		}
	}
	return errors.Join(errs...)
}

// Sweep removes the temporary files of killed processes.
func (s *Store) Sweep() {
	for _, sub := range []string{"", sessionsDir, credfile.Credentials, accountsDir, sitesDir, vcentersDir, servedDir} {
		atomicfile.Sweep(filepath.Join(s.dir, sub))
	}
	s.sweepKeys()
}

// Prune removes the credentials that expired longer than age ago, and the temporary files of killed processes. It returns the removed
// credentials.
func (s *Store) Prune(now time.Time, age time.Duration) ([]Credential, error) {
	s.Sweep()
	var gone []Credential
	for _, path := range s.list(credfile.Credentials) {
		if info, err := os.Stat(path); err != nil || now.Sub(info.ModTime()) < age {
			continue // It was valid when it was written, so it has not expired longer than age ago.
		}
		f, err := credfile.Read(path)
		if err != nil || now.Sub(f.Expires) <= age || len(f.Target) > 0 && recent(path, now) {
			continue
		}
		if err := s.DeleteCredential(f.Key()); err != nil {
			return gone, err
		}
		if c, err := fromFile(f); err == nil && c.Minted() {
			gone = append(gone, c)
		}
	}
	return gone, nil
}

// targetAge is how long a target stays in the store without a new credential.
const targetAge = 30 * 24 * time.Hour

func recent(path string, now time.Time) bool {
	info, err := os.Stat(path)
	return err == nil && now.Sub(info.ModTime()) < targetAge
}

// list returns the paths of the JSON files in a directory of the store. Temporary files have another extension.
func (s *Store) list(sub string) []string {
	dir := filepath.Join(s.dir, sub)
	entries, _ := os.ReadDir(dir)
	var paths []string
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".json" {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths
}

func readSession(path string) (Session, error) {
	text, err := readOwn(path)
	if err != nil {
		return Session{}, err
	}
	var session Session
	if err := credfile.Decode(path, text, &session, &session.Version); err != nil {
		return Session{}, err
	}
	return session, nil
}
