package registryaccess

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry/harbor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// FindCA returns the CA (PEM) of a registry's certificate: one that the user trusts already, else one with the fingerprint, else one that
// the user confirms at the terminal. fingerprint may be empty.
func (a *Access) FindCA(ctx context.Context, host, fingerprint string) ([]byte, error) {
	var untrusted *trust.UntrustedError
	for _, t := range append(a.knownTrusts(host), trust.Trust{Mode: trust.System}) {
		err := a.verifies(ctx, host, t)
		switch {
		case errors.As(err, &untrusted) && !untrusted.UnknownCA:
			return nil, failure.Hint(err, "%sA CA does not help: the registry needs another certificate, or you need another address for it.", failure.Describe(untrusted))
		case errors.As(err, &untrusted):
		case err != nil:
			return nil, err
		case t.Mode == trust.System:
			return nil, fmt.Errorf("this system trusts the CA of %s already: docker and the others need nothing", host)
		default:
			return []byte(t.CA), nil
		}
	}
	if ca, err := a.supervisorsCA(ctx, host, fingerprint, untrusted); ca != "" || err != nil {
		return []byte(ca), err
	}
	return a.askForCA(ctx, host, fingerprint)
}

// supervisorsCA returns the CA (PEM) that signed a registry's certificate if a person accepted that for a Supervisor alone, and the
// fingerprint or the person says that it counts for the registry too. Without such a CA it returns none.
func (a *Access) supervisorsCA(ctx context.Context, host, fingerprint string, untrusted *trust.UntrustedError) (string, error) {
	sessions, _ := a.Sessions.Store.Sessions()
	for _, s := range sessions {
		var unasked *UnaskedCAError
		switch {
		case !errors.As(explainUnasked(untrusted, host, s), &unasked):
		case fingerprint == "":
			return a.askCA(ctx, unasked, "--ca-fingerprint")
		case slices.Contains(trust.Trust{CA: unasked.CA}.Fingerprints(), fingerprint):
			return unasked.CA, nil
		}
	}
	return "", nil
}

// knownTrusts returns the CA that the registry was added with, and the CAs that the sessions trust.
func (a *Access) knownTrusts(host string) (all []trust.Trust) {
	if r, found, err := a.Records.Record(host); err == nil && found && r.CA != "" {
		all = append(all, trust.Trust{Mode: trust.Bundle, CA: r.CA})
	}
	sessions, _ := a.Sessions.Store.Sessions()
	for _, s := range sessions {
		if s.Trust.CA != "" && s.Trust.Mode != trust.Insecure {
			all = append(all, trust.Trust{Mode: trust.Bundle, CA: s.Trust.CA})
		}
	}
	return all
}

// verifies returns nil if t verifies the registry's certificate, whatever the registry answers.
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

// askForCA asks the registry for its CA (Harbor's getcert). The CA is used only if it signed the registry's certificate and if the
// fingerprint or a person confirms it.
func (a *Access) askForCA(ctx context.Context, host, fingerprint string) ([]byte, error) {
	w, err := site.Client(a.Env, trust.Trust{Mode: trust.Insecure}, nil) // No secret is sent, and the answer is not trusted yet.
	if err != nil {
		return nil, err
	}
	ca, err := (&harbor.Client{Wire: w, Host: host}).CA(ctx)
	if err != nil {
		return nil, failure.Hint(fmt.Errorf("%s does not offer its CA: %w", host, err), "Ask its administrator for the CA certificate.")
	}
	if n := len(certificates(ca)); n > maxCAs {
		return nil, fmt.Errorf("%s gives %d certificates as its CA; at most %d are accepted", host, n, maxCAs)
	}
	if fingerprint != "" {
		if ca, err = only(ca, fingerprint, host); err != nil {
			return nil, err
		}
	}
	if err := a.verifies(ctx, host, trust.Trust{Mode: trust.Bundle, CA: string(ca)}); err != nil {
		return nil, fmt.Errorf("%s gives a CA that did not sign its certificate: %w", host, err)
	}
	if fingerprint != "" {
		return ca, nil
	}
	return a.confirmCA(ctx, host, ca)
}

// confirmCA asks a person to confirm a CA.
func (a *Access) confirmCA(ctx context.Context, host string, ca []byte) ([]byte, error) {
	text := describeCA(ca)
	if a.Env.Terminal == nil {
		return nil, failure.Hint(fmt.Errorf("the CA that %s gives is not confirmed", host), "%sCompare the SHA-256 with its administrator. If it is right, give --ca-fingerprint.", text)
	}
	a.Env.Tellf("%s says that its CA is this:\n%sOnly you can check that: compare the SHA-256 with its administrator.", host, text)
	yes, err := a.Env.Confirm(ctx, "Take it?")
	if err == nil && !yes {
		err = errNotTaken
	}
	return ca, err
}

// maxCAs bounds the certificates of a CA file: a registry has fewer, and a person cannot compare more.
const maxCAs = 5

// certificates returns the certificates in a PEM text. trust.Certificates has checked the text before.
func certificates(ca []byte) (all []*x509.Certificate) {
	for block, rest := pem.Decode(ca); block != nil; block, rest = pem.Decode(rest) {
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			all = append(all, c)
		}
	}
	return all
}

// only returns the certificate (PEM) with the fingerprint.
func only(ca []byte, fingerprint, host string) ([]byte, error) {
	for _, c := range certificates(ca) {
		if trust.Fingerprint(c.Raw) == fingerprint {
			return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}), nil
		}
	}
	return nil, failure.Hint(fmt.Errorf("%s does not show the certificate of --ca-fingerprint", host),
		"%sIf the fingerprint that you gave is right, somebody may be between you and the registry.", describeCA(ca))
}

func describeCA(ca []byte) safetext.Lines {
	var b strings.Builder
	for _, c := range certificates(ca) {
		fmt.Fprintf(&b, "  CA:      %s\n", safetext.Line(c.Subject.String(), 200))
		fmt.Fprintf(&b, "  valid:   %s to %s\n", c.NotBefore.Format(time.DateOnly), c.NotAfter.Format(time.DateOnly))
		fmt.Fprintf(&b, "  SHA-256: %s\n", trust.Fingerprint(c.Raw))
	}
	return safetext.Lines(b.String())
}
