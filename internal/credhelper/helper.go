// Package credhelper is docker-credential-vsphere: the credential helper protocol of
// https://github.com/docker/docker-credential-helpers for every registry client. It answers from the store, without network; what only
// kubectl-vsphere can do, renewing among it, that program does as a child process.
package credhelper

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// Name is the program's. Docker looks for docker-credential-NAME.
const Name = "docker-credential-vsphere"

// Helper implements credentials.Helper. Each client reads its own few messages on standard output (reference docker-credentials.md, 1.1);
// all that a person should read goes to ErrOut, a line each, since every client passes that on.
type Helper struct {
	Store  registry.Store
	Now    func() time.Time
	ErrOut io.Writer
	// Renew brings the credential of a session into the store, without asking anybody. The error is a code, or says why nothing was tried.
	Renew func(credfile.Key) error
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
	case found && login.Ended(h.Now()):
		return "", "", robotEnded(login)
	case found && login.Service != "":
		return h.Backing(login.Service).Get(login.URL)
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
		backing := h.Backing(set.Backing)
		username, secret, err = backing.Get(url)
		if credentials.IsErrCredentialsNotFound(err) && url != host {
			username, secret, err = backing.Get(host)
		}
		return username, secret, err
	}
	return "", "", notAdded(host)
}

// token is the session's, renewed when it has ended and that needs nobody.
func (h *Helper) token(r registry.Record) (username, secret string, err error) {
	switch {
	case r.LoggedOut:
		return "", "", loggedOut(r.Host)
	case r.Username == "":
		return "", "", errors.New(Explain(r))
	}
	return h.renewed(r)
}

// renewed is the session's token, and the user name that the registry takes it under.
func (h *Helper) renewed(r registry.Record) (username, secret string, err error) {
	token, err := credfile.Token(h.Store.Dir, r.Key(), h.Now())
	if err == nil {
		return r.Username, token, nil
	}
	if err := h.Renew(r.Key()); err != nil {
		return "", "", h.notRenewed(r.Key(), err)
	}
	token, err = credfile.Token(h.Store.Dir, r.Key(), h.Now())
	return r.Username, token, err
}

// Delete logs out of a registry: what was stored is gone, and the session's token is not handed out until the next login. Clients
// call it several times, and for registries that never were.
func (h *Helper) Delete(url string) error {
	host, err := registry.ParseHost(url)
	if err != nil {
		return nil //nolint:nilerr // There is nothing under such a name.
	}
	if err := h.forget(host); err != nil {
		return err
	}
	_, known, err := h.Store.Record(host)
	if err != nil || known {
		return orError(err, h.setLoggedOut(host, true))
	}
	return h.eraseUnknown(host, url)
}

// Forget removes what a client stored for a host, wherever that is, and leaves the rest.
func (h *Helper) Forget(host string) error {
	if err := h.forget(host); err != nil {
		return err
	}
	return h.eraseUnknown(host, host)
}

func (h *Helper) forget(host string) error {
	login, found, err := h.Store.Login(host)
	if err == nil && found && login.Service != "" {
		if err := h.Backing(login.Service).Erase(login.URL); err != nil {
			return fmt.Errorf("docker-credential-%s keeps what was stored for %s: %w", login.Service, host, err)
		}
	}
	_, err = h.Store.RemoveLogin(host) // What cannot be read goes, too.
	return err
}

// eraseUnknown passes on what is not ours.
func (h *Helper) eraseUnknown(host, url string) error {
	set, err := h.Store.Settings()
	if err != nil || set.Backing == "" {
		return err
	}
	err = h.Backing(set.Backing).Erase(url)
	if err == nil && url != host {
		err = h.Backing(set.Backing).Erase(host)
	}
	return err
}

func (h *Helper) setLoggedOut(host string, out bool) error {
	return h.Store.UpdateRecord(host, func(r registry.Record) registry.Record {
		r.LoggedOut = out
		return r
	})
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
		if _, err := credfile.Token(h.Store.Dir, r.Key(), h.Now()); err == nil && r.TakesToken() {
			all[r.Host] = r.Username
		}
	}
	logins, more := h.Store.Logins()
	for _, l := range logins {
		if !l.Ended(h.Now()) {
			all[l.Host] = l.Username
		}
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
