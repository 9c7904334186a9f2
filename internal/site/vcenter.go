package site

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/vcenter"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// vCenterRoots returns the CAs (PEM) that the vCenter of the flags offers for download; nil without such a flag. The connection is not
// verified, and sends nothing of the user's. So the answer proves nothing: somebody must compare a fingerprint, as at first use.
func (c Contact) vCenterRoots(ctx context.Context) ([]byte, error) {
	if c.Flags.VCenter == (supervisor.Address{}) {
		return nil, nil
	}
	w, err := Client(c.Env, trust.Trust{Mode: trust.Insecure}, c.Aliases.Reach)
	if err != nil {
		return nil, err
	}
	defer w.HTTP.CloseIdleConnections()
	body, err := w.Do(ctx, wire.Request{Method: http.MethodGet, URL: c.Flags.VCenter.URL("/certs/download.zip"), Accept: "*/*"})
	if err == nil {
		var roots []byte
		if roots, err = trust.Roots(body); err == nil && len(trust.Trust{CA: string(roots)}.Fingerprints()) > maxRoots {
			err = fmt.Errorf("it offers more than %d CAs", maxRoots)
		}
		if err == nil {
			return roots, nil
		}
		err = fmt.Errorf("%w: /certs/download.zip: %w", wire.ErrServer, err)
	}
	if ctx.Err() != nil {
		return nil, err
	}
	return nil, failure.Hint(fmt.Errorf("the CAs of the vCenter %s could not be fetched: %w", c.Flags.VCenter, err),
		"Check --ca-from-vcenter: it is the address of the vCenter, not of the Supervisor. Or download the file elsewhere, and give it as\n"+
			"--certificate-authority.")
}

// probeVCenter finds out whether the server is a vCenter.
func (c Contact) probeVCenter(ctx context.Context, w *wire.Client) error {
	p := c.Env.NewProgress()
	p.Show("Connecting to "+c.Server.String(), 0, 0)
	c.VCenter.Wire, c.VCenter.Address = w, c.Server
	err := c.VCenter.Probe(ctx)
	p.Done()
	switch {
	case errors.Is(err, vcenter.ErrNotVCenter):
		return failure.Hint(err, "Check --vcenter: it is the address of the vCenter. For the address of a Supervisor, use --server.")
	case err != nil:
		return fmt.Errorf("connect to %s: %w", c.Server, err)
	}
	return nil
}

// maxRoots bounds the CAs that are compared with what each server shows: each costs a look at a signature. A vCenter has a handful.
const maxRoots = 100

// offered returns the error about the Supervisor's certificate with the CA that the vCenter offers, if one was asked.
func (c Contact) offered(e *trust.UntrustedError) (*trust.UntrustedError, error) {
	if c.roots == nil {
		return e, nil
	}
	more, signed := e.With(c.roots)
	if !signed {
		return e, failure.Hint(e, "%sNone of the CAs that the vCenter %s offers signed it: is that the vCenter of this Supervisor?", failure.Describe(e), c.Flags.VCenter)
	}
	return more, nil
}

// fromVCenter reports whether the vCenter offers the CA that a person is asked about.
func (c Contact) fromVCenter(e *trust.UntrustedError) bool {
	_, signed := e.With(c.roots)
	return c.roots != nil && signed
}

// wrongName returns the error for a certificate without the address, with what helps: not a CA. Names of the certificate are advised only if
// a CA of the site itself signed it: anybody can have a public CA sign a name of their own, and show that.
func (c Contact) wrongName(t trust.Trust, e *trust.UntrustedError, err error) error {
	hint := "Fetching a CA, or giving it again, does not help: the certificate is for other addresses. Ask your vSphere administrator\n" +
		"for the address that it is for."
	if front, private := t.PrivateAt(c.server()); private && e.SignedBy(front.CA) {
		hint = "Its CA is the one that you trust: do not fetch that again. The certificate is for other addresses."
		if name, found := usable(e.Names); found {
			flag := "--server"
			if c.VCenter != nil {
				flag = "--vcenter"
			}
			hint += fmt.Sprintf("\nUse one of them: %s %s\nIf that is not reachable from here, add: --control-plane-address %s",
				flag, failure.Quote(name.String()), failure.Quote(name.Host+"="+c.Server.Host))
		}
	}
	return failure.Hint(err, "%s%s\nIf nobody can come between you and the server, you can use --insecure-skip-tls-verify.", failure.Describe(e), safetext.Lines(hint))
}

// usable returns the first name of a certificate that can be typed as an address: a wildcard cannot.
func usable(names []string) (supervisor.Address, bool) {
	for _, name := range names {
		if a, err := supervisor.ParseAddress(name); err == nil {
			return a, true
		}
	}
	return supervisor.Address{}, false
}
