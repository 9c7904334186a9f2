package credhelper

import (
	"fmt"
	"slices"
	"strings"

	"github.com/docker/docker-credential-helpers/credentials"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// Add keeps what a client was told to store. "docker login" stores what it just got from us: that is nothing new.
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
	case found && r.Username != "" && credfile.Fold(c.Username) == credfile.Fold(r.User):
		if _, _, err := h.renewed(r); err != nil {
			return passwordWithoutLogin(host)
		}
		h.say(host, passwordDropped(c.Username))
	case found && ours(r, c.Username):
	case h.person(r, c.Username):
		return h.keepPassword(host, *c)
	default:
		return h.keep(host, *c)
	}
	return orError(h.forget(host), h.setLoggedOut(host, false))
}

// keepPassword keeps that of a person, where the user chose a keychain for such things.
func (h *Helper) keepPassword(host string, c credentials.Credentials) error {
	set, err := h.Store.Settings()
	if err != nil {
		return err
	}
	if !set.Keychain() {
		return passwordOfAPerson(host, c.Username)
	}
	return h.keep(host, c)
}

// ours tells whether a user name stands for the session's token.
func ours(r registry.Record, username string) bool {
	return username == r.Username || strings.HasPrefix(username, registry.TokenPrefix)
}

// person tells whether a user name is that of an account of vCenter, as far as such are known here. A password of one opens far more than a
// registry: it is never kept in a file. A registry that asks a Supervisor about people has nobody but them and robots.
func (h *Helper) person(r registry.Record, username string) bool {
	switch r.AuthMode {
	case registry.HTTPAuth:
		return !robot(username) && username != "admin" // Harbor's own, in every mode.
	case registry.OIDCAuth:
		return false // Registry clients have a CLI secret there, and nobody's password is taken.
	}
	name := credfile.Fold(username)
	return strings.HasSuffix(name, ssoDomain) || slices.ContainsFunc(h.Store.Sessions(), func(s registry.Session) bool {
		return !s.ByIssuer() && credfile.Fold(s.User) == name
	})
}

// ssoDomain is that of vCenter's own accounts, unless it was renamed.
const ssoDomain = "@vsphere.local"

// robot tells whether a user name is that of a robot account of Harbor: robot$NAME, or with another prefix PROJECT+NAME.
func robot(username string) bool {
	return !strings.ContainsAny(username, `@\`) && (strings.HasPrefix(username, "robot$") || strings.Contains(username, "+"))
}

func (h *Helper) keep(host string, c credentials.Credentials) error {
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
		return nil // "docker login" stores what it just got. What else is known of it stays.
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
