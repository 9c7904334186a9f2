package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/sso"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry/harbor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// untiedError is a registry that may not get the session's token, for a reason that the user can overrule.
type untiedError struct{ host, reason string }

func (e *untiedError) Error() string {
	return fmt.Sprintf("nothing proves that %s belongs to your Supervisor: %s; your token was not sent to it", e.host, e.reason)
}

// registryClient asks a registry. It is verified by the CA that was given for it, else as the servers of the session are. A session that
// trusts whoever answers says nothing about a registry: then the system's roots decide.
func (a *App) registryClient(r registry.Record, t trust.Trust) (*harbor.Client, error) {
	switch {
	case r.CA != "":
		t = trust.Trust{Mode: trust.Bundle, CA: r.CA}
	case t.Mode == trust.Insecure:
		t = trust.Trust{Mode: trust.System}
	}
	w, _, err := a.wireClient(t, nil)
	return &harbor.Client{Wire: w, Host: r.Host}, err
}

// tied is a client of a registry that belongs to the site of a session, by what only such a one can show: it asks a control plane host of the
// session about people, and its certificate is of a CA that the session trusts for its own servers. Roots that the system knows vouch for
// everybody's servers, so they prove nothing here; the client is for connections that are verified without them.
func (a *App) tied(ctx context.Context, r registry.Record, info harbor.Info, s tokens.Session) (*harbor.Client, error) {
	untied := func(format string, args ...any) error { return &untiedError{r.Host, fmt.Sprintf(format, args...)} }
	switch {
	case !asks(info, s):
		return nil, untied("it asks %q about people, which is no control plane host of your login", info.Endpoint)
	case s.Trust.Mode == trust.Insecure:
		return nil, untied("your login does not verify certificates")
	case r.CA != "" && r.CA != s.Trust.CA:
		return nil, untied("its certificate is verified by the CA that you gave for it, not by that of your Supervisor")
	}
	const public = "its certificate is of a public CA, as anybody's can be"
	own, ok := s.Trust.Private()
	if !ok {
		return nil, untied(public)
	}
	w, _, err := a.wireClient(own, nil)
	if err != nil {
		return nil, err
	}
	client := &harbor.Client{Wire: w, Host: r.Host}
	var untrusted *trust.UntrustedError
	if _, err = client.Info(ctx); errors.As(err, &untrusted) {
		return nil, untied(public)
	}
	return client, err
}

// asks tells whether a registry says that it asks the session's Supervisor about people.
func asks(info harbor.Info, s tokens.Session) bool {
	return info.Endpoint != "" && slices.Contains(append([]string{s.Server}, s.Hosts...), info.Endpoint)
}

// ask finds out what a registry takes from a session, and fills it into the record. The error is one of the network, or an *untiedError;
// that the registry takes no token is a Reason.
func (a *App) ask(ctx context.Context, r registry.Record, s tokens.Session) (registry.Record, error) {
	client, err := a.registryClient(r, s.Trust)
	if err != nil {
		return r, err
	}
	if r.User != "" && !r.For(s.Server, s.User) { // What was said of another login's token does not go for this one.
		r.SendToken, r.Audience = false, ""
	}
	r.Server, r.User, r.Username, r.Reason, r.LoggedOut, r.Checked = s.Server, s.User, "", "", false, a.Now()
	info, err := client.Info(ctx)
	if errors.Is(err, harbor.ErrNotHarbor) {
		r.AuthMode, r.Harbor = "", ""
		r.Reason = fmt.Sprintf("it is no Harbor; if it is a registry all the same, type: docker login %s", r.Host)
		return r, nil
	}
	if err != nil {
		return r, err
	}
	r.AuthMode, r.Harbor = info.AuthMode, info.Version
	if takesIdentity(r, s) && r.SendToken {
		r.Reason = fmt.Sprintf("the CLI secret that it has for you is not here; type: docker-credential-vsphere login %s", r.Host)
		return r, a.cliSecret(ctx, r, s)
	}
	if r.AuthMode != registry.HTTPAuth {
		r.Reason = fmt.Sprintf("it has accounts of its own (%s); type: docker login %s", r.AuthMode, r.Host)
		if r.AuthMode == registry.OIDCAuth {
			r.Reason += ", with the CLI secret that its page shows in your profile"
		}
		return r, nil
	}
	if !r.SendToken {
		if client, err = a.tied(ctx, r, info, s); err != nil {
			return r, err
		}
	}
	return a.probe(ctx, client, r, s)
}

// probe sends the session's token to the registry, to see under which user name it is taken.
func (a *App) probe(ctx context.Context, client *harbor.Client, r registry.Record, s tokens.Session) (registry.Record, error) {
	credential, err := a.token(ctx, r.Key(), false)
	if err != nil {
		return r, err
	}
	if credential.Token == "" {
		r.Reason = fmt.Sprintf("you logged in by an identity provider, and it takes the tokens of vCenter Single Sign-On only; type: docker login %s", r.Host)
		return r, nil
	}
	for _, name := range tokenUsers(credential.Token, s.User) {
		err := client.Probe(ctx, name, credential.Token)
		if err == nil {
			r.Username = name
			return r, nil
		}
		if !errors.Is(err, wire.ErrRefused) {
			return r, err
		}
	}
	r.Reason = fmt.Sprintf("it does not take tokens (Harbor %s; stock Harbor 2.x never does); use a robot account: kubectl vsphere registry robot create %s "+
		"-n NAMESPACE --save; or your password, kept in a keychain: docker-credential-vsphere configure --service %s, and docker login %s",
		orUnknown(r.Harbor), r.Host, keychainHelper(), r.Host)
	return r, nil
}

// tokenUsers are the user names that a registry may take with a token: it compares with what the token review tells, to the letter. What
// that is was never seen: the subject of the token, or the name that Kubernetes sees. The second has a colon, so a registry must read
// Basic authentication in its own way to take it.
func tokenUsers(token redact.Secret, user string) []string {
	name := user
	if claims, err := sso.ParseClaims(token); err == nil && claims.Subject != "" {
		name = claims.Subject
	}
	return []string{registry.TokenPrefix + name, registry.TokenPrefix + "sso:" + strings.TrimPrefix(name, "sso:")}
}

// keychainHelper is the credential helper of this system's keychain.
func keychainHelper() string {
	switch runtime.GOOS {
	case "darwin":
		return "osxkeychain"
	case "windows":
		return "wincred"
	}
	return registry.Keychains[0]
}

func orUnknown(version string) string {
	if version == "" {
		return "of an unknown version"
	}
	return version
}
