package credhelper

import (
	"fmt"
	"slices"
	"strings"

	"github.com/docker/docker-credential-helpers/credentials"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/username"
)

// Add stores a login for a client. It stores no password of a vCenter user in a file, and nothing that Get has just returned: "docker
// login" stores that again.
func (h *Helper) Add(c *credentials.Credentials) error {
	host, err := registry.ParseHost(c.ServerURL)
	if err != nil {
		return fmt.Errorf("%.100q: %w", c.ServerURL, err)
	}
	r, found, err := h.Store.Record(host)
	if err != nil {
		return err
	}
	switch {
	case found && r.Username != "" && isUser(h.Store, r, c.Username):
		if _, err := h.renewed(r.Key()); err != nil {
			return passwordWithoutLogin(host)
		}
		h.print(host, passwordDropped(c.Username))
	case found && isTokenUser(r, c.Username):
	case h.isPerson(r, c.Username):
		return h.savePassword(host, *c)
	default:
		return h.save(host, *c)
	}
	return orError(h.forget(host), h.setLoggedOut(host, false))
}

// savePassword stores the password of a person in the keychain. Without a keychain it returns an error.
func (h *Helper) savePassword(host string, c credentials.Credentials) error {
	set, err := h.Store.Settings()
	if err != nil {
		return err
	}
	if !set.Keychain() {
		return passwordOfAPerson(host, c.Username)
	}
	return h.save(host, c)
}

// isUser reports whether a name is that of the user whose token a registry gets, in any spelling that the user logs in with.
func isUser(store registry.Store, r registry.Record, name string) bool {
	is := func(other string) bool { return username.Same(name, other) }
	return is(r.User) || slices.ContainsFunc(store.Sessions(), func(s registry.Session) bool {
		return s.Server == r.Server && credfile.Fold(s.User) == credfile.Fold(r.User) && slices.ContainsFunc(s.Names, is)
	})
}

// isTokenUser reports whether a user name is for the session's token.
func isTokenUser(r registry.Record, username string) bool {
	return username == r.Username || strings.HasPrefix(username, registry.TokenPrefix)
}

// save stores a login in the backing helper, or in a file without one.
func (h *Helper) save(host string, c credentials.Credentials) error {
	set, err := h.Store.Settings()
	if err != nil {
		return err
	}
	login := registry.Login{Host: host, Username: c.Username}
	if set.Backing == "" {
		login.Secret.Secret = redact.Secret(c.Secret)
	} else {
		login.Service, login.URL = set.Backing, c.ServerURL
	}
	old, _, err := h.Store.Login(host)
	if err == nil && old.Service == "" && old.Username == c.Username && old.Secret.Secret == redact.Secret(c.Secret) {
		return nil // "docker login" stores what it has just got. The other fields must stay.
	}
	if login.Service != "" {
		if err := h.Backing(login.Service).Store(c); err != nil {
			return err
		}
	}
	if err := h.Store.SaveLogin(login); err != nil {
		return err
	}
	if old.Service != "" && (old.Service != login.Service || old.URL != login.URL) {
		return h.Backing(old.Service).Erase(old.URL)
	}
	return nil
}
