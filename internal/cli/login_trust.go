package cli

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// chooseTrust decides how the Supervisor's certificate is verified: by a flag, else as at the last login to this
// Supervisor, else by the system's roots. Skipping the verification is never remembered for the next login.
func (a *App) chooseTrust(store *tokens.Store, o loginOptions) (trust.Trust, error) {
	switch {
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
	sessions, _ := store.Sessions()
	for _, s := range sessions {
		if s.Server == o.server.String() && s.Trust.Mode == trust.Bundle {
			return s.Trust, nil
		}
	}
	return trust.Trust{Mode: trust.System}, nil
}

func insecureWarning(server string) string {
	return fmt.Sprintf("WARNING: the certificate of %s is not verified. Whoever answers at that address gets your password.", server)
}

// wireClient is the client for every request of one command.
func (a *App) wireClient(t trust.Trust) (*wire.Client, error) {
	timeout, err := a.requestTimeout()
	if err != nil {
		return nil, err
	}
	client, err := t.Client(trust.Options{Timeout: timeout, Proxy: http.ProxyFromEnvironment, MaxConns: login.MaxInFlight})
	if err != nil {
		return nil, err
	}
	if a.flags.verbose > 0 {
		client.Transport = &requestLog{next: client.Transport, out: a.ErrOut, now: a.Now}
	}
	return &wire.Client{HTTP: client, Timeout: timeout}, nil
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

// untrustedHint says which flags would help against a certificate that is not trusted.
func untrustedHint(e *trust.UntrustedError) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  certificate of: %s\n", safetext.Line(e.Subject, 200))
	fmt.Fprintf(&b, "  signed by:      %s\n", safetext.Line(e.Issuer, 200))
	fmt.Fprintf(&b, "  valid:          %s to %s\n", e.NotBefore.Format(time.DateOnly), e.NotAfter.Format(time.DateOnly))
	fmt.Fprintf(&b, "  SHA-256:        %s\n", e.SHA256)
	if e.IssuerSHA256 != "" {
		fmt.Fprintf(&b, "  CA SHA-256:     %s\n", e.IssuerSHA256)
	}
	fmt.Fprintf(&b, "Use --certificate-authority FILE with the CA that signed it (for a Supervisor usually a root CA of its vCenter),\n"+
		"or, where nobody can come between you and the server, --insecure-skip-tls-verify.")
	return b.String()
}
