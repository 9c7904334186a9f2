package tokens

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/address"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/filelock"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// SiteLogin is how the last login at a site was made that verified its servers. The next one can be made in the same way after a logout.
// It holds no secret, and says nothing about trust.
type SiteLogin struct {
	Method        string `json:"method"`                  // as in a Session
	User          string `json:"user,omitempty"`          // Session.LoginName
	Provider      string `json:"provider,omitempty"`      // the name of the identity provider, if the Supervisor has several
	Flow          string `json:"flow,omitempty"`          // how the person logged in there, as the method names it
	ContextPrefix string `json:"contextPrefix,omitempty"` // the last one that was asked for
}

// errSiteName is the rule for names of sites. No address of a server with a dot, a colon or a digit first is one.
var errSiteName = errors.New("a name has letters, digits and hyphens, begins with a letter, ends with a letter or digit, and has 63 characters at most")

// maxTypedName bounds a name in an error, in characters.
const maxTypedName = 80

// ParseSiteName returns the name of a site in its one spelling: lower case. What looks like an address is no name. A host without a dot
// may be spelled like one: whoever means the host writes it with a port, or as a URL.
func ParseSiteName(s string) (string, error) {
	name := []byte(s)
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			name[i] += 'a' - 'A'
		}
	}
	if n := string(name); address.IsLabel(n) && n[0] >= 'a' && n != "localhost" {
		return n, nil
	}
	return "", fmt.Errorf("%s cannot be the name of a site: %w", safetext.Quote(s, maxTypedName), errSiteName)
}

// NameTakenError is the error for a name that would be ambiguous.
type NameTakenError struct {
	Name, Server string // the server that is called so already
	Host         bool   // it is the host in the server's address
}

// Error names the server.
func (e *NameTakenError) Error() string {
	if e.Host {
		return fmt.Sprintf("%s is the address of a server that is known", e.Name)
	}
	return fmt.Sprintf("%s is the name of %s", e.Name, e.Server)
}

// Sites returns the sites, sorted by server, and an error for each file that cannot be used.
func (s *Store) Sites() (all []Site, errs []error) {
	for _, server := range s.SiteServers() {
		site, found, err := s.Site(server)
		switch {
		case err != nil:
			errs = append(errs, err)
		case found:
			all = append(all, site)
		}
	}
	return all, errs
}

// SiteNames returns the names of sites, by server. A file that cannot be used has none.
func (s *Store) SiteNames() map[string]string {
	names := map[string]string{}
	all, _ := s.Sites()
	for _, site := range all {
		if site.Name != "" {
			names[site.Server] = site.Name
		}
	}
	return names
}

// AmbiguousNameError is the error for a name that several sites have: somebody has edited or copied their files.
type AmbiguousNameError struct {
	Name    string
	Servers []string
}

// Error names the servers.
func (e *AmbiguousNameError) Error() string {
	return fmt.Sprintf("several sites are called %s: %s", e.Name, strings.Join(e.Servers, ", "))
}

// SiteCalled returns the site with a name, in any case. The error is an *AmbiguousNameError.
func (s *Store) SiteCalled(word string) (site Site, found bool, err error) {
	name, err := ParseSiteName(word)
	if err != nil {
		return Site{}, false, nil //nolint:nilerr // It is no name, so that no site has it.
	}
	all, _ := s.Sites()
	all = slices.DeleteFunc(all, func(site Site) bool { return site.Name != name })
	switch len(all) {
	case 0:
		return Site{}, false, nil
	case 1:
		return all[0], true, nil
	}
	several := &AmbiguousNameError{Name: name}
	for _, one := range all {
		several.Servers = append(several.Servers, one.Server)
	}
	return Site{}, false, several
}

// CheckSiteName returns a *NameTakenError if a name (ParseSiteName) is that of another server than this one, or its host.
func (s *Store) CheckSiteName(server, name string) error {
	all, _ := s.Sites()
	for _, site := range all {
		if site.Name == name && site.Server != server {
			return &NameTakenError{Name: name, Server: site.Server}
		}
	}
	for _, other := range s.KnownServers() {
		if host, _, err := address.Parse(other); err == nil && host == name && other != server {
			return &NameTakenError{Name: name, Server: other, Host: true}
		}
	}
	return nil
}

// KnownServers returns the servers of sites and sessions, sorted. A site whose file cannot be read counts too.
func (s *Store) KnownServers() []string {
	all := s.SiteServers()
	sessions, _ := s.Sessions()
	for _, one := range sessions {
		all = append(all, one.Server)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// NameSite gives a site a name (ParseSiteName). Without a file, the site begins with first. A name that is taken is a *NameTakenError.
func (s *Store) NameSite(ctx context.Context, first Site, name string) (Site, error) {
	unlock, err := filelock.Take(ctx, s.lockPath(siteNamesLock), filelock.Options{Patience: siteLockTime}) // Two servers at once must not get it.
	if err != nil {
		return first, err
	}
	defer unlock()
	if err := s.CheckSiteName(first.Server, name); err != nil {
		return first, err
	}
	return s.UpdateSite(ctx, first, func(site *Site) { site.Name = name })
}
