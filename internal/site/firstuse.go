package site

import (
	"context"
	"fmt"
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
		trusted := trust.Trust{CA: s.Trust().Pins[server]}.Fingerprints()
		ca, err := c.firstUse(ctx, server, trusted, e)
		if err == nil {
			s.Transport.Pin(server, ca)
		}
		return err
	}
}

// firstUse decides about an unknown CA and returns it (PEM). A fingerprint from the command line decides, else a person at the
// terminal. trusted are the fingerprints of the CA that was trusted for this server before. Another CA replaces it only with
// --replace-ca.
func (c Contact) firstUse(ctx context.Context, server string, trusted []string, e *trust.UntrustedError) (string, error) {
	switch {
	case len(c.Flags.CAFingerprints) > 0:
		return c.byFingerprint(e)
	case len(trusted) > 0 && !c.Flags.ReplaceCA:
		return "", failure.Hint(&changedCA{server, trusted, e},
			"Somebody may be between you and the server. If its CA was replaced, compare the SHA-256 and give --replace-ca.")
	case c.Env.Terminal == nil:
		return "", e
	}
	c.Env.Tellf("The certificate of %s is signed by a CA that is unknown here.\n%s", server, safetext.Lines(strings.TrimSuffix(string(failure.Describe(e)), "\n")))
	if len(trusted) > 0 {
		c.Env.Tellf("  trusted so far: %s", strings.Join(trusted, ", "))
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

// changedCA is the error for a server that shows another CA than before.
type changedCA struct {
	server  string
	trusted []string // fingerprints
	*trust.UntrustedError
}

// Error names both CAs.
func (e *changedCA) Error() string {
	return fmt.Sprintf("the CA of %s is not the one that was trusted so far: it was SHA-256 %s and is %s", e.server, strings.Join(e.trusted, " or "), e.Shown())
}

// Unwrap returns the certificate that is not trusted.
func (e *changedCA) Unwrap() error { return e.UntrustedError }
