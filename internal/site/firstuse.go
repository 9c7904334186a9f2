package site

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// Decide decides about a server whose CA is unknown. An error means that it is not believed.
type Decide func(ctx context.Context, server string, e *trust.UntrustedError) error

// FurtherServers decides about other servers of the site whose CA is unknown, one after the other, and pins what was believed. It
// is nil where a flag has decided for all of them. The progress line gives way to a question.
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
		known := trust.Trust{CA: s.Trust().Pins[server]}.Fingerprints()
		ca, err := c.firstUse(ctx, server, known, e)
		if err == nil {
			s.Transport.Pin(server, ca)
		}
		return err
	}
}

// firstUse decides about a CA that is not known and returns it (PEM): a fingerprint of the command line does, else a person at the
// terminal. A CA that was trusted for this server before (known, fingerprints) gives way to another one only when that is asked for.
func (c Contact) firstUse(ctx context.Context, server string, known []string, e *trust.UntrustedError) (string, error) {
	switch {
	case len(c.Flags.CAFingerprints) > 0:
		return c.byFingerprint(e)
	case len(known) > 0 && !c.Flags.ReplaceCA:
		return "", failure.Hint(&changedCA{server, known, e},
			"Somebody may be between you and the server. If its CA was replaced, compare the SHA-256 and give --replace-ca.")
	case c.Env.Terminal == nil:
		return "", e
	}
	c.Env.Tellf("The certificate of %s is signed by a CA that is unknown here.\n%s", server, strings.TrimSuffix(failure.Describe(e), "\n"))
	if len(known) > 0 {
		c.Env.Tellf("  trusted so far: %s", strings.Join(known, ", "))
	}
	c.Env.Tellf("This is trust on first use: nobody but you can tell whether this is the server and not somebody in between. Compare\n" +
		"the last SHA-256 with your vSphere administrator, or with the root certificates that the vCenter offers for download.")
	yes, err := c.Env.Confirm(ctx, "Trust it for this Supervisor from now on?")
	switch {
	case err != nil:
		return "", err
	case !yes:
		c.Env.Tellf("Not trusted. Nothing was sent to it.")
		return "", failure.Silent(e) // What it is stands above.
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
	return "", failure.Hint(e, "%sIf you compared that with what you were given, somebody may be between you and the server.", failure.Describe(e))
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
