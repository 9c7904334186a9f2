package site

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// Decide decides about a server whose CA is unknown. It returns an error if the server is not trusted.
type Decide func(ctx context.Context, server string, e *trust.UntrustedError) error

// FurtherServers returns a function that decides about other servers of the site whose CA is unknown, one after the other, and pins
// a CA that is trusted. It returns nil if a flag decides for all servers. During a question the progress line is paused.
func (s Site) FurtherServers(p *console.Progress) Decide {
	c := s.contact
	if c.Flags.CAFile != "" || c.Flags.Insecure {
		return nil
	}
	var one sync.Mutex
	return func(ctx context.Context, server string, e *trust.UntrustedError) error {
		one.Lock()
		defer one.Unlock()
		p.Pause()
		defer p.Resume()
		ca, err := c.firstUse(ctx, server, c.lastOf(server), e)
		if err == nil {
			s.Transport.Pin(server, ca)
		}
		return err
	}
}

// lastOf returns how the last login verified another server of the site (HOST:PORT). It is zero if that is not known.
func (c Contact) lastOf(server string) trust.Trust {
	if _, pinned := c.Last.Pins[server]; pinned || slices.Contains(c.LastHosts, server) {
		return c.Last.For(server)
	}
	return trust.Trust{}
}

// firstUse decides about an unknown CA and returns it (PEM). A fingerprint from the command line decides, else a person at the
// terminal. last is what verified the server before: another CA replaces that only with --replace-ca.
func (c Contact) firstUse(ctx context.Context, server string, last trust.Trust, e *trust.UntrustedError) (string, error) {
	trusted := verifiedBy(last)
	switch {
	case len(c.Flags.CAFingerprints) > 0:
		return c.byFingerprint(e)
	case trusted != "" && !c.Flags.ReplaceCA:
		return "", failure.Hint(&changedCA{server, trusted, e}, "%s", changeHint(last))
	case c.Env.Terminal == nil:
		return "", e
	}
	c.Env.Tellf("The certificate of %s is signed by a CA that is unknown here.\n%s", server, safetext.Lines(strings.TrimSuffix(string(failure.Describe(e)), "\n")))
	if trusted != "" {
		c.Env.Tellf("  trusted so far: %s", trusted)
	}
	c.Env.Tellf("This is trust on first use: only you can check that this is the server and not somebody in between. Compare the\n" +
		"last SHA-256 with your vSphere administrator, or with the root certificates that the vCenter offers for download.")
	yes, err := c.Env.Confirm(ctx, "Trust it for this Supervisor from now on?")
	switch {
	case err != nil:
		return "", err
	case !yes:
		c.Env.Tellf("Not trusted. Nothing was sent to it.")
		return "", failure.Silent(e) // It is described above.
	}
	ca, _ := e.Pin(e.Shown())
	return ca, nil
}

func (c Contact) byFingerprint(e *trust.UntrustedError) (string, error) {
	for _, fingerprint := range c.Flags.CAFingerprints {
		if ca, ok := e.Pin(fingerprint); ok {
			return ca, nil
		}
	}
	e.Reason = "it does not show the certificate of --ca-fingerprint " + strings.Join(c.Flags.CAFingerprints, " or ")
	return "", failure.Hint(e, "%sIf the fingerprint that you gave is right, somebody may be between you and the server.", failure.Describe(e))
}

// verifiedBy returns what verified a server, in words. It is empty if nothing did.
func verifiedBy(t trust.Trust) string {
	switch all := t.Fingerprints(); {
	case t.Mode == trust.System:
		return "a CA of this system"
	case len(all) > 0:
		return "SHA-256 " + strings.Join(all, " or ")
	}
	return ""
}

// changeHint is the next step if a server shows another CA than before.
func changeHint(last trust.Trust) string {
	const hint = "Somebody may be between you and the server. If its CA was replaced, compare the SHA-256 and give --replace-ca."
	if last.Mode == trust.System {
		return hint + "\nIf SSL_CERT_FILE named the CA at the last login, set it again, or give --certificate-authority."
	}
	return hint
}

// changedCA is the error for a server that shows another CA than before.
type changedCA struct {
	server, trusted string
	*trust.UntrustedError
}

// Error names both CAs.
func (e *changedCA) Error() string {
	return fmt.Sprintf("the CA of %s is not the one that was trusted so far: it was %s and is SHA-256 %s", e.server, e.trusted, e.Shown())
}

// Unwrap returns the certificate that is not trusted.
func (e *changedCA) Unwrap() error { return e.UntrustedError }
