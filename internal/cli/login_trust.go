package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// site is a Supervisor as the login knows it: how its servers are verified and reached.
type site struct {
	*wire.Client
	transport *trust.Transport
}

// meet makes the first contact with a Supervisor: before any password is asked for, its certificate is believed, for a reason that
// the session keeps, and it has answered as a Supervisor does.
func (a *App) meet(ctx context.Context, store *tokens.Store, o loginOptions) (site, error) {
	t, err := a.chooseTrust(store, o)
	if err != nil {
		return site{}, err
	}
	s, err := a.greetWith(ctx, t, o)
	var untrusted *trust.UntrustedError
	if !errors.As(err, &untrusted) || !untrusted.UnknownCA || o.caFile != "" {
		return s, err
	}
	ca, err := a.firstUse(ctx, o, o.server.String(), t.Fingerprints(), untrusted)
	if err != nil {
		return s, err
	}
	t.Mode, t.CA = trust.Pinned, ca // What is pinned for other servers stays.
	return a.greetWith(ctx, t, o)
}

func (a *App) greetWith(ctx context.Context, t trust.Trust, o loginOptions) (site, error) {
	w, transport, err := a.wireClient(t, o.aliases.Reach)
	if err != nil {
		return site{}, err
	}
	if o.oidc.plain() {
		return site{w, transport}, a.greetAPI(ctx, w, o.server.URL("/version"))
	}
	return site{w, transport}, a.greet(ctx, &supervisor.Client{Wire: w, Address: o.server})
}

// others decides about further servers of the site whose CA is unknown, one after the other.
func (a *App) others(s site, o loginOptions, p *progress) func(context.Context, string, *trust.UntrustedError) error {
	if o.caFile != "" || o.insecure {
		return nil
	}
	var one sync.Mutex
	return func(ctx context.Context, server string, e *trust.UntrustedError) error {
		one.Lock()
		defer one.Unlock()
		p.pause()
		defer p.resume()
		known := trust.Trust{CA: s.transport.Trust().Pins[server]}.Fingerprints()
		ca, err := a.firstUse(ctx, o, server, known, e)
		if err == nil {
			s.transport.Pin(server, ca)
		}
		return err
	}
}

// firstUse decides about a CA that is not known and returns it (PEM): by a fingerprint of the command line, else a person at the
// terminal does. A CA that was trusted for this server before (known) gives way to another one only when that is asked for.
func (a *App) firstUse(ctx context.Context, o loginOptions, server string, known []string, e *trust.UntrustedError) (string, error) {
	switch {
	case len(o.caFingerprints) > 0:
		for _, fingerprint := range o.caFingerprints {
			if ca, ok := e.Pin(fingerprint); ok {
				return ca, nil
			}
		}
		e.Reason = "it does not show the certificate of --ca-fingerprint " + strings.Join(o.caFingerprints, " or ")
		return "", hint(e, "%sIf you compared that with what you were given, somebody may be between you and the server.", describe(e))
	case len(known) > 0 && !o.replaceCA:
		return "", hint(&changedCA{server, known, e},
			"Somebody may be between you and the server. If its CA was replaced, compare the SHA-256 and give --replace-ca.")
	case a.Terminal == nil:
		return "", e
	}
	fmt.Fprintf(a.ErrOut, "The certificate of %s is signed by a CA that is unknown here.\n%s", server, describe(e))
	if len(known) > 0 {
		fmt.Fprintf(a.ErrOut, "  trusted so far: %s\n", strings.Join(known, ", "))
	}
	fmt.Fprint(a.ErrOut, "This is trust on first use: nobody but you can tell whether this is the server and not somebody in between. Compare\n"+
		"the last SHA-256 with your vSphere administrator, or with the root certificates that the vCenter offers for download.\n")
	answer, err := a.prompter().Line(ctx, "Trust it for this Supervisor from now on? [y/N] ")
	switch {
	case errors.Is(err, secret.ErrEmpty), err == nil && !strings.EqualFold(answer, "y") && !strings.EqualFold(answer, "yes"):
		fmt.Fprintln(a.ErrOut, "Not trusted. Nothing was sent to it.")
		return "", &silentError{e} // What it is stands above.
	case err != nil:
		return "", err
	}
	ca, _ := e.Pin(e.Shown())
	return ca, nil
}

// changedCA is a server that shows another CA than before.
type changedCA struct {
	server string
	known  []string // fingerprints
	*trust.UntrustedError
}

// Error shows both.
func (e *changedCA) Error() string {
	return fmt.Sprintf("the CA of %s is not the one that was trusted so far: it was SHA-256 %s and is %s", e.server, strings.Join(e.known, " or "), e.Shown())
}

// Unwrap gives the certificate that was not believed.
func (e *changedCA) Unwrap() error { return e.UntrustedError }

// chooseTrust decides how the Supervisor's certificate is verified: by a flag, else as at the last login to this
// Supervisor, else by the system's roots. Skipping the verification is never remembered for the next login.
func (a *App) chooseTrust(store *tokens.Store, o loginOptions) (trust.Trust, error) {
	last := lastTrust(store, o.server.String())
	switch {
	case len(o.caFingerprints) > 0: // Nothing yet for the Supervisor: what it shows is compared.
		return trust.Trust{Mode: trust.Pinned, Pins: last.Pins}, nil
	case o.caFile != "":
		t, err := trust.FromFile(o.caFile)
		if err != nil {
			return t, usagef("--certificate-authority: %w", err)
		}
		return t, nil
	case o.insecure:
		fmt.Fprintln(a.ErrOut, insecureWarning(o.server.String()))
		return trust.Trust{Mode: trust.Insecure}, nil
	}
	return last, nil
}

// lastTrust is that of the last login to a Supervisor, whoever that was, or the system's roots.
func lastTrust(store *tokens.Store, server string) trust.Trust {
	t := trust.Trust{Mode: trust.System}
	sessions, _ := store.Sessions()
	for _, s := range sessions {
		if s.Server != server || s.Trust.Mode == trust.Insecure {
			continue
		}
		if t = s.Trust; t.Mode != trust.System {
			break
		}
	}
	return t
}

func insecureWarning(server string) string {
	return fmt.Sprintf("WARNING: the certificate of %s is not verified. Whoever answers at that address gets your password.", server)
}

// wireClient is the client for every request of one command. reach says where servers are reached; nil: at their own addresses.
func (a *App) wireClient(t trust.Trust, reach func(string) string) (*wire.Client, *trust.Transport, error) {
	return a.wireClientWith(t, reach, nil)
}

// wireClientWith is one that proves itself with a certificate, if it is given one.
func (a *App) wireClientWith(t trust.Trust, reach func(string) string, certificate *tls.Certificate) (*wire.Client, *trust.Transport, error) {
	timeout, err := a.requestTimeout()
	if err != nil {
		return nil, nil, err
	}
	transport, err := trust.NewTransport(t, trust.Options{
		Timeout: timeout, Proxy: http.ProxyFromEnvironment, MaxConns: login.MaxInFlight, Reach: reach, Certificate: certificate,
	})
	if err != nil {
		return nil, nil, err
	}
	client := transport.Client()
	if a.flags.verbose > 0 {
		client.Transport = &requestLog{next: client.Transport, out: a.ErrOut, now: a.Now}
	}
	return &wire.Client{HTTP: client, Timeout: timeout}, transport, nil
}

const defaultTimeout = 30 * time.Second

// requestTimeout reads --request-timeout: seconds, or a duration. There is no "for ever": nothing here waits without
// a bound.
func (a *App) requestTimeout() (time.Duration, error) {
	s := a.flags.requestTimeout
	if s == "" || s == "0" {
		return defaultTimeout, nil
	}
	if strings.Trim(s, "0123456789") == "" {
		s += "s"
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, usagef("--request-timeout: %q is not a number of seconds or a duration such as 30s", a.flags.requestTimeout)
	}
	return d, nil
}

// describe says what a person needs to decide about a certificate, a line each.
func describe(e *trust.UntrustedError) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  certificate of: %s\n", safetext.Line(e.Subject, 200))
	fmt.Fprintf(&b, "  signed by:      %s\n", safetext.Line(e.Issuer, 200))
	fmt.Fprintf(&b, "  valid:          %s to %s\n", e.NotBefore.Format(time.DateOnly), e.NotAfter.Format(time.DateOnly))
	fmt.Fprintf(&b, "  SHA-256:        %s\n", e.SHA256)
	if e.IssuerSHA256 != "" {
		fmt.Fprintf(&b, "  CA SHA-256:     %s\n", e.IssuerSHA256)
	}
	return b.String()
}

// untrustedHint says which flags would help against a certificate that is not trusted.
func untrustedHint(e *trust.UntrustedError) string {
	if !e.UnknownCA {
		return describe(e) + "No CA file mends that: the server needs another certificate, or you another address for it. Where nobody can come between\n" +
			"you and the server there is --insecure-skip-tls-verify."
	}
	return describe(e) + "Use --certificate-authority FILE with the CA that signed it (for a Supervisor usually a root CA of its vCenter), or\n" +
		"--ca-fingerprint sha256:… if you know that from elsewhere, or, where nobody can come between you and the server,\n" +
		"--insecure-skip-tls-verify."
}
