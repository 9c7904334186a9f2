// Package credhelper is docker-credential-vsphere: the credential helper protocol of
// https://github.com/docker/docker-credential-helpers for every registry client. It answers from the store, without network. To renew a
// token, it runs kubectl-vsphere as a child process.
package credhelper

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// Name is the name of the program. Docker looks for docker-credential-NAME.
const Name = "docker-credential-vsphere"

// Helper implements credentials.Helper. On standard output, clients understand only a few fixed messages (reference
// docker-credentials.md, 1.1). Messages to people go to ErrOut, one line each: every client passes them on.
type Helper struct {
	Store  registry.Store
	Now    func() time.Time
	ErrOut io.Writer
	// Renew renews the credential of a session in the store, without a person. The error is an exit code, a timeout, or says why nothing
	// was tried.
	Renew func(credfile.Key) error
	// Backing runs the helper docker-credential-NAME.
	Backing func(name string) Backing
}

var _ credentials.Helper = (*Helper)(nil)

// Get returns user name and secret for a registry. After any failure it prints a line to ErrOut and returns "not found". Clients then go on
// without a login, or say that one is needed.
func (h *Helper) Get(url string) (username, secret string, err error) {
	host, err := registry.ParseHost(url)
	if err == nil {
		username, secret, err = h.get(host, url)
	}
	switch {
	case credentials.IsErrCredentialsNotFound(err): // A backing helper has nothing.
		return "", "", err
	case err != nil:
		h.print(host, err)
		return "", "", credentials.NewErrCredentialsNotFound()
	}
	return username, secret, nil
}

func (h *Helper) get(host, url string) (username, secret string, err error) {
	login, found, err := h.Store.Login(host)
	if registry.IsPlain(url) {
		return h.plain(host, url, found || err != nil)
	}
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
	g, found, err := h.Store.Grant(host)
	switch {
	case err != nil:
		return "", "", err
	case !found:
		return h.unknown(host, url)
	}
	return h.token(g)
}

// plain answers for a URL without TLS. Neither the session's token nor what is stored for the same host goes there: a client that does so
// asked for HOST before (nerdctl), or was made to by somebody on the way. Only another helper may know a login for exactly that URL.
func (h *Helper) plain(host, url string, known bool) (username, secret string, err error) {
	if !known {
		_, known, err = h.Store.Grant(host)
	}
	set, unread := h.Store.Settings()
	if known || err != nil || unread != nil || set.Backing == "" {
		return "", "", withoutTLS(host)
	}
	return h.Backing(set.Backing).Get(url)
}

// unknown returns the login for a registry that was not added, from the backing helper. A client asks for such a registry if this helper
// is its credsStore.
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

// token returns the session's token, and the user name that the registry accepts with it.
func (h *Helper) token(g registry.Grant) (username, secret string, err error) {
	switch {
	case g.LoggedOut:
		return "", "", loggedOut(g.Host)
	case g.Username == "":
		r, _, err := h.Store.Record(g.Host)
		return "", "", orError(err, errors.New(Explain(r)))
	}
	secret, err = h.renewed(g.Key())
	return g.Username, secret, err
}

// renewed returns the token of a session, renewed if it has expired.
func (h *Helper) renewed(key credfile.Key) (string, error) {
	token, err := credfile.Token(h.Store.Dir, key, h.Now())
	if err == nil {
		return token, nil
	}
	if err := h.Renew(key); err != nil {
		return "", h.notRenewed(key, err)
	}
	return credfile.Token(h.Store.Dir, key, h.Now())
}

// Delete logs out of a registry: it removes the stored login, and the session's token is not given out until the next login. Clients call
// it several times, also for registries that were never added.
func (h *Helper) Delete(url string) error {
	host, err := registry.ParseHost(url)
	if err != nil {
		return nil //nolint:nilerr // Nothing is stored under such a name.
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

// Forget removes the login that a client stored for a host, also from the backing helper. The session's token stays in use.
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
	_, err = h.Store.RemoveLogin(host) // It also removes a file that cannot be read.
	return err
}

// eraseUnknown erases a login in the backing helper that this helper has no record of.
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

// List returns the registries that have a valid login, with the user names.
func (h *Helper) List() (map[string]string, error) {
	all := map[string]string{}
	set, err := h.Store.Settings()
	if err == nil && set.Backing != "" {
		all, err = h.Backing(set.Backing).List()
	}
	if err != nil {
		h.print("", err)
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
		h.print("", err)
	}
	return all, nil
}

// print prints an error to ErrOut, as one line. host may be empty.
func (h *Helper) print(host string, err error) {
	prefix := Name + ": "
	if host != "" {
		prefix += host + ": "
	}
	fmt.Fprintln(h.ErrOut, safetext.Line(prefix+err.Error(), maxMessage))
}

func orError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
