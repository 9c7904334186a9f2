// Package credhelper is docker-credential-vsphere: the credential helper protocol of
// https://github.com/docker/docker-credential-helpers for every registry client. It answers from the store, without network; what only
// kubectl-vsphere can do, renewing among it, that program does as a child process.
package credhelper

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/hit"
)

// Name is the program's. Docker looks for docker-credential-NAME.
const Name = "docker-credential-vsphere"

// Helper implements credentials.Helper. Each client reads its own few messages on standard output (reference docker-credentials.md, 1.1);
// all that a person should read goes to ErrOut, a line each, since every client passes that on.
type Helper struct {
	Store  registry.Store
	Now    func() time.Time
	ErrOut io.Writer
	// Renew brings the credential of a session into the store, without asking anybody.
	Renew func(hit.Key) error
	// Backing runs the helper docker-credential-NAME.
	Backing func(name string) Backing
}

var _ credentials.Helper = (*Helper)(nil)

// Get gives user name and secret for a registry. Whatever is wrong is told as "not found", with which clients go on anonymously or
// say that a login is needed, and as a line on ErrOut.
func (h *Helper) Get(url string) (username, secret string, err error) {
	host, err := registry.ParseHost(url)
	if err == nil {
		username, secret, err = h.get(host, url)
	}
	switch {
	case credentials.IsErrCredentialsNotFound(err): // A backing helper has nothing.
		return "", "", err
	case err != nil:
		h.say(host, err)
		return "", "", credentials.NewErrCredentialsNotFound()
	}
	return username, secret, nil
}

func (h *Helper) get(host, url string) (username, secret string, err error) {
	login, found, err := h.Store.Login(host)
	switch {
	case err != nil:
		return "", "", err
	case found && login.Service != "":
		return h.Backing(login.Service).Get(url)
	case found:
		return login.Username, login.Secret.Reveal(), nil
	}
	r, found, err := h.Store.Record(host)
	switch {
	case err != nil:
		return "", "", err
	case !found:
		return h.unknown(host, url)
	}
	return h.token(r)
}

// unknown is a registry that was not added: we are the credentials store of a client.
func (h *Helper) unknown(host, url string) (username, secret string, err error) {
	set, err := h.Store.Settings()
	switch {
	case err != nil:
		return "", "", err
	case set.Backing != "":
		return h.Backing(set.Backing).Get(url)
	}
	return "", "", fmt.Errorf("not known here; if it takes your vSphere login, type: kubectl vsphere registry add %s", host)
}

// token is the session's, renewed when it has ended and that needs nobody.
func (h *Helper) token(r registry.Record) (username, secret string, err error) {
	switch {
	case r.LoggedOut:
		return "", "", fmt.Errorf("you logged out of it; type: %s login %s", Name, r.Host)
	case r.Username == "":
		return "", "", fmt.Errorf("%s", r.Reason)
	}
	token, err := hit.Token(h.Store.Dir, r.Key(), h.Now())
	if err == nil {
		return r.Username, token, nil
	}
	if err := h.Renew(r.Key()); err != nil {
		return "", "", err
	}
	token, err = hit.Token(h.Store.Dir, r.Key(), h.Now())
	return r.Username, token, err
}

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
	case found && person(r, c.Username) && r.Username == "":
		return h.keepPassword(host, *c)
	case found && person(r, c.Username):
		h.say(host, fmt.Errorf("the password of %s is not kept; your login with kubectl vsphere is used", safetext.Line(c.Username, maxLine)))
	case !found || !ours(r, c.Username):
		return h.keep(host, *c)
	}
	_, err = h.Store.RemoveLogin(host)
	return orError(err, h.setLoggedOut(r, false))
}

// keepPassword keeps that of a person for a registry that takes no token, where the user chose a keychain for such things.
func (h *Helper) keepPassword(host string, c credentials.Credentials) error {
	set, err := h.Store.Settings()
	if err != nil {
		return err
	}
	if !set.Keychain() {
		return fmt.Errorf("the password of %s is kept in a keychain only; to use one, type: %s configure --service %s", safetext.Line(c.Username, maxLine), Name, registry.Keychains[0])
	}
	return h.keep(host, c)
}

// ours tells whether a user name stands for the session's token.
func ours(r registry.Record, username string) bool {
	return username == r.Username || strings.HasPrefix(username, registry.TokenPrefix)
}

// person tells whether a user name is that of an account of vCenter, USER@DOMAIN. Its password opens far more than a registry: it is
// never kept in a file.
func person(r registry.Record, username string) bool {
	return r.AuthMode == registry.HTTPAuth && strings.Contains(username, "@") && !strings.Contains(username, "$")
}

func (h *Helper) keep(host string, c credentials.Credentials) error {
	set, err := h.Store.Settings()
	if err != nil {
		return err
	}
	login := registry.Login{Host: host, Username: c.Username, Service: set.Backing}
	if set.Backing == "" {
		login.Secret.Secret = redact.Secret(c.Secret)
	} else if err := h.Backing(set.Backing).Store(c); err != nil {
		return err
	}
	return h.Store.SaveLogin(login)
}

// Delete logs out of a registry: what was stored is gone, and the session's token is not handed out until the next login. Clients
// call it several times, and for registries that never were.
func (h *Helper) Delete(url string) error {
	host, err := registry.ParseHost(url)
	if err != nil {
		return nil //nolint:nilerr // There is nothing under such a name.
	}
	login, found, err := h.Store.Login(host)
	if err == nil && found && login.Service != "" {
		err = h.Backing(login.Service).Erase(url)
	}
	if _, removeErr := h.Store.RemoveLogin(host); removeErr != nil || err != nil {
		return orError(err, removeErr)
	}
	r, known, err := h.Store.Record(host)
	if err != nil || known {
		return orError(err, h.setLoggedOut(r, true))
	}
	return h.eraseUnknown(url, found)
}

// eraseUnknown passes on what is not ours.
func (h *Helper) eraseUnknown(url string, done bool) error {
	set, err := h.Store.Settings()
	if err != nil || set.Backing == "" || done {
		return err
	}
	return h.Backing(set.Backing).Erase(url)
}

func (h *Helper) setLoggedOut(r registry.Record, out bool) error {
	if r.Host == "" || r.LoggedOut == out {
		return nil
	}
	r.LoggedOut = out
	return h.Store.SaveRecord(r)
}

// List gives the registries that there is something for, with the user names.
func (h *Helper) List() (map[string]string, error) {
	all := map[string]string{}
	set, err := h.Store.Settings()
	if err == nil && set.Backing != "" {
		all, err = h.Backing(set.Backing).List()
	}
	if err != nil {
		h.say("", err)
		all = map[string]string{}
	}
	records, errs := h.Store.Records()
	for _, r := range records {
		if _, err := hit.Token(h.Store.Dir, r.Key(), h.Now()); err == nil && r.TakesToken() {
			all[r.Host] = r.Username
		}
	}
	logins, more := h.Store.Logins()
	for _, l := range logins {
		all[l.Host] = l.Username
	}
	for _, err := range append(errs, more...) {
		h.say("", err)
	}
	return all, nil
}

// say writes a line for a person.
func (h *Helper) say(host string, err error) {
	prefix := Name + ": "
	if host != "" {
		prefix += host + ": "
	}
	fmt.Fprintln(h.ErrOut, prefix+err.Error())
}

func orError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
