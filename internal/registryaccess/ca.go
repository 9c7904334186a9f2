package registryaccess

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry/harbor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// FindCA is the CA (PEM) that a registry's certificate verifies under, for a reason.
func (a *Access) FindCA(ctx context.Context, host, fingerprint string) ([]byte, error) {
	known, err := a.knownTrusts(host)
	if err != nil {
		return nil, err
	}
	for _, t := range append(known, trust.Trust{Mode: trust.System}) {
		err := a.verifies(ctx, host, t)
		var untrusted *trust.UntrustedError
		switch {
		case errors.As(err, &untrusted) && !untrusted.UnknownCA:
			return nil, failure.Hint(err, "%sNo CA mends that: the registry needs another certificate, or you another address for it.", failure.Describe(untrusted))
		case errors.As(err, &untrusted):
		case err != nil:
			return nil, err
		case t.Mode == trust.System:
			return nil, fmt.Errorf("the certificate of %s is of a CA that this system knows: docker and the others need nothing", host)
		default:
			return []byte(t.CA), nil
		}
	}
	return a.askForCA(ctx, host, fingerprint)
}

// knownTrusts are what the registry was added with, and what the sessions trust, each with a CA.
func (a *Access) knownTrusts(host string) (all []trust.Trust, err error) {
	if r, found, err := a.Records.Record(host); err == nil && found && r.CA != "" {
		all = append(all, trust.Trust{Mode: trust.Bundle, CA: r.CA})
	}
	sessions, _ := a.Sessions.Store.Sessions()
	for _, s := range sessions {
		if s.Trust.CA != "" && s.Trust.Mode != trust.Insecure {
			all = append(all, trust.Trust{Mode: trust.Bundle, CA: s.Trust.CA})
		}
	}
	return all, nil
}

// verifies reports whether the registry's certificate is believed under a trust. What the registry says is of no matter.
func (a *Access) verifies(ctx context.Context, host string, t trust.Trust) error {
	w, err := site.Client(a.Env, t, nil)
	if err != nil {
		return err
	}
	if _, err = (&harbor.Client{Wire: w, Host: host}).Info(ctx); errors.Is(err, harbor.ErrNotHarbor) {
		return nil
	}
	return err
}

// askForCA takes what the registry itself gives (getcert), if it is what its certificate is signed by, and if somebody vouches for it.
func (a *Access) askForCA(ctx context.Context, host, fingerprint string) ([]byte, error) {
	w, err := site.Client(a.Env, trust.Trust{Mode: trust.Insecure}, nil) // Nothing is sent, and nothing is believed yet.
	if err != nil {
		return nil, err
	}
	ca, err := (&harbor.Client{Wire: w, Host: host}).CA(ctx)
	if err != nil {
		return nil, failure.Hint(fmt.Errorf("%s does not tell its CA: %w", host, err), "Ask whoever runs it for the CA certificate.")
	}
	if n := len(certificates(ca)); n > maxCAs {
		return nil, fmt.Errorf("%s gives %d certificates as its CA; more than %d are not one", host, n, maxCAs)
	}
	if fingerprint != "" {
		if ca, err = only(ca, fingerprint, host); err != nil {
			return nil, err
		}
	}
	if err := a.verifies(ctx, host, trust.Trust{Mode: trust.Bundle, CA: string(ca)}); err != nil {
		return nil, fmt.Errorf("%s gives a CA that its own certificate is not of: %w", host, err)
	}
	if fingerprint != "" {
		return ca, nil
	}
	return a.confirmCA(ctx, host, ca)
}

// confirmCA lets a person vouch for a CA.
func (a *Access) confirmCA(ctx context.Context, host string, ca []byte) ([]byte, error) {
	text := describeCA(ca)
	if a.Env.Terminal == nil {
		return nil, failure.Hint(fmt.Errorf("nobody vouches for the CA that %s gives", host), "%sIf it is right, compared with what its administrator says, give --ca-fingerprint.", text)
	}
	a.Env.Tellf("%s says that its CA is this:\n%sNobody but you can tell whether that is so: compare the SHA-256 with its administrator.", host, text)
	yes, err := a.Env.Confirm(ctx, "Take it?")
	if err == nil && !yes {
		err = errors.New("not taken; nothing was changed")
	}
	return ca, err
}

// maxCAs is more than a registry has, and what a person can compare.
const maxCAs = 5

// certificates are those of a PEM text that was read by trust.Certificates.
func certificates(ca []byte) (all []*x509.Certificate) {
	for block, rest := pem.Decode(ca); block != nil; block, rest = pem.Decode(rest) {
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			all = append(all, c)
		}
	}
	return all
}

// only is the certificate with the fingerprint.
func only(ca []byte, fingerprint, host string) ([]byte, error) {
	for _, c := range certificates(ca) {
		if trust.Fingerprint(c.Raw) == fingerprint {
			return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}), nil
		}
	}
	return nil, failure.Hint(fmt.Errorf("%s does not show the certificate of --ca-fingerprint", host),
		"%sIf you compared that with what you were given, somebody may be between you and the registry.", describeCA(ca))
}

func describeCA(ca []byte) string {
	var b strings.Builder
	for _, c := range certificates(ca) {
		fmt.Fprintf(&b, "  CA:      %s\n", safetext.Line(c.Subject.String(), 200))
		fmt.Fprintf(&b, "  valid:   %s to %s\n", c.NotBefore.Format(time.DateOnly), c.NotAfter.Format(time.DateOnly))
		fmt.Fprintf(&b, "  SHA-256: %s\n", trust.Fingerprint(c.Raw))
	}
	return b.String()
}
