package tokens

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/filelock"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// Site holds what this program knows of a Supervisor without a login. Logins begin with it, and a logout leaves it. It holds no secret. Two addresses of
// one Supervisor are two sites: nothing that is verified says that they are one.
type Site struct {
	Version int    `json:"version"`
	Server  string `json:"server"` // canonical address, as a person calls it
	// Name is what a person calls the site (ParseSiteName), or empty. Nobody else gives names, and no decision about a secret goes by one.
	Name string `json:"name,omitempty"`
	// Trust is how a login verifies the servers of the site. It is never trust.Insecure. The zero value: no login has verified the Supervisor.
	Trust trust.Trust `json:"trust"`
	// Hosts are the canonical addresses of the control plane hosts that logins verified.
	Hosts []string `json:"hosts,omitempty"`
	// Aliases are other addresses of servers (supervisor.Aliases).
	Aliases map[string]string `json:"aliases,omitempty"`
	// Issuer is that of the Supervisor's identity provider, where somebody has logged in, or empty.
	Issuer string `json:"issuer,omitempty"`
	// APIPorts are the ports of API servers, by their control plane host (canonical address), where logins do not use the server's own.
	APIPorts map[string]APIPort `json:"apiPorts,omitempty"`
	// Login is how the last login was made; the zero value: none is known.
	Login SiteLogin `json:"lastLogin,omitzero"`
}

// APIPort is where a login reached the API server of a control plane host.
type APIPort struct {
	Port int `json:"port"`
	// Reason says in words what happened at the API server's own port, so that the front took its place; empty: the user named the port.
	Reason string    `json:"reason,omitempty"`
	Since  time.Time `json:"since"`
}

// GivenPort returns the port of API servers that the user named; 0: none.
func (s Site) GivenPort() int {
	for _, at := range s.APIPorts {
		if at.Reason == "" {
			return at.Port
		}
	}
	return 0
}

// Known reports whether a login verified the Supervisor.
func (s Site) Known() bool { return s.Trust.Mode != "" }

const sitesDir = "sites"

// SiteError is the error for the file of a site that cannot be used.
type SiteError struct {
	Server, Path string
	Err          error
}

// Error names the file.
func (e *SiteError) Error() string {
	return fmt.Sprintf("how %s is verified is not known: %v", e.Server, e.Err)
}

// Unwrap returns Err.
func (e *SiteError) Unwrap() error { return e.Err }

// errUnverified is a site without verification: nothing may begin with that.
var errUnverified = errors.New("a site whose servers are not verified is not remembered")

// SitePath returns the path of a site's file.
func (s *Store) SitePath(server string) string { return s.sitePath(sitesDir, server) }

func (s *Store) sitePath(dir, server string) string {
	return filepath.Join(s.dir, dir, strings.ReplaceAll(server, ":", "=")+".json") // Windows allows no colon.
}

// Site reads a site. A file that cannot be used is a *SiteError: without it, another CA would look like a first use.
func (s *Store) Site(server string) (site Site, found bool, err error) {
	return s.siteIn(s.SitePath(server), server)
}

func (s *Store) siteIn(path, server string) (site Site, found bool, err error) {
	site, err = s.readSite(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Site{Server: server}, false, nil
	case err == nil && site.Server != server:
		err = fmt.Errorf("%s is of another server", path)
	case err == nil && site.Trust.Mode == trust.Insecure:
		err = fmt.Errorf("%s: %w", path, errUnverified)
	}
	if err != nil {
		return Site{Server: server}, false, &SiteError{Server: server, Path: path, Err: err}
	}
	return site, true, nil
}

func (s *Store) readSite(path string) (site Site, err error) {
	text, err := readOwn(path)
	if err == nil {
		err = credfile.PrivateDirs(s.dir, filepath.Dir(path))
	}
	if err == nil {
		err = credfile.Decode(path, text, &site, &site.Version)
	}
	var other *credfile.VersionError
	if errors.As(err, &other) { // A login does not write this file anew.
		err = fmt.Errorf("%s has version %d and this program knows %d: is the file from a newer one?", path, other.Version, credfile.Version)
	}
	site.Name, _ = ParseSiteName(site.Name) // What no person can have typed is none.
	return site, err
}

// SiteServers returns the servers that have a site, sorted. A file that cannot be read counts too.
func (s *Store) SiteServers() []string { return s.serversIn(sitesDir) }

func (s *Store) serversIn(dir string) (all []string) {
	for _, path := range s.list(dir) {
		all = append(all, strings.ReplaceAll(strings.TrimSuffix(filepath.Base(path), ".json"), "=", ":"))
	}
	slices.Sort(all)
	return all
}

// siteLockTime bounds the wait for the lock of a site, which nobody holds for long.
const siteLockTime = 3 * time.Second

// UpdateSite changes the site of a server, under a lock. Without a file, the change begins with first. It returns the site, and writes
// nothing if it did not change. The error may be a *WriteError.
func (s *Store) UpdateSite(ctx context.Context, first Site, change func(*Site)) (Site, error) {
	return s.updateSite(ctx, s.SitePath(first.Server), first, change)
}

func (s *Store) updateSite(ctx context.Context, path string, first Site, change func(*Site)) (Site, error) {
	unlock, err := filelock.Take(ctx, s.lockPath(siteLock(first.Server)), filelock.Options{Patience: siteLockTime})
	if err != nil {
		return first, err
	}
	defer unlock()
	old, found, err := s.siteIn(path, first.Server)
	switch {
	case err != nil:
		return old, err
	case !found:
		old = first
	}
	site := old.clone()
	change(&site)
	site.Version, site.Server = credfile.Version, first.Server
	if site.Trust.Mode == trust.Insecure {
		return site, errUnverified
	}
	text, err := json.MarshalIndent(site, "", "  ")
	if err != nil {
		return site, err
	}
	if before, err := json.MarshalIndent(old, "", "  "); err == nil && found && bytes.Equal(before, text) {
		return site, nil
	}
	return site, s.write(path, append(text, '\n'), durable)
}

// clone returns a copy whose maps and lists a change may change.
func (s Site) clone() Site {
	s.Trust.Pins, s.Aliases, s.APIPorts = maps.Clone(s.Trust.Pins), maps.Clone(s.Aliases), maps.Clone(s.APIPorts)
	s.Hosts = slices.Clone(s.Hosts)
	return s
}

// ForgetSite removes the file of a server, also one that cannot be read. found reports whether there was something. It waits for a change of
// the site that is under way, which would write what it has read before.
func (s *Store) ForgetSite(ctx context.Context, server string) (found bool, err error) {
	return s.forget(ctx, server, s.SitePath(server))
}

func (s *Store) forget(ctx context.Context, server, path string) (found bool, err error) {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	unlock, err := filelock.Take(ctx, s.lockPath(siteLock(server)), filelock.Options{Patience: siteLockTime})
	if err != nil {
		return true, err
	}
	defer unlock()
	return true, remove(path)
}
