package trust

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// UntrustedError is a server certificate that is not trusted, with all that a person needs to decide about it. Names
// in it are harmless to show.
type UntrustedError struct {
	Host         string
	Reason       string // in words
	Subject      string
	Issuer       string // the CA that signed it
	NotBefore    time.Time
	NotAfter     time.Time
	SHA256       string   // of the certificate, as `openssl x509 -fingerprint -sha256` prints it
	IssuerSHA256 string   // of the last CA certificate that verifies it; empty if the server showed none
	Names        []string // DNS names and addresses that the certificate is for
	UnknownCA    bool     // nothing else is known to be wrong with it
	WrongName    bool     // it is for other names than Host; its CA was not looked at
	Err          error

	chain []*x509.Certificate // the server's certificate, and those that verify it
}

// Error returns one line with host, reason and CA.
func (e *UntrustedError) Error() string {
	if e.Issuer == "" {
		return fmt.Sprintf("the certificate of %s is not trusted: %s", e.Host, e.Reason)
	}
	return fmt.Sprintf("the certificate of %s is not trusted: %s (signed by %s, SHA-256 %s)", e.Host, e.Reason, safetext.Quote(e.Issuer, maxName), e.SHA256)
}

// Unwrap returns the error of crypto/tls.
func (e *UntrustedError) Unwrap() error { return e.Err }

// Explain returns err as an *UntrustedError when the cause is that the certificate of host was not believed, else err.
func Explain(host string, err error) error {
	var verification *tls.CertificateVerificationError
	if !errors.As(err, &verification) {
		return err
	}
	e := &UntrustedError{Host: host, Reason: reason(verification.Err), Err: err}
	var unknown x509.UnknownAuthorityError
	e.UnknownCA = errors.As(verification.Err, &unknown)
	var names x509.HostnameError
	e.WrongName = errors.As(verification.Err, &names)
	shown := verification.UnverifiedCertificates
	e.describe(shown[:min(len(shown), maxChain)])
	return e
}

func (e *UntrustedError) describe(chain []*x509.Certificate) {
	if len(chain) == 0 {
		return
	}
	e.chain = verifying(chain)
	leaf, last := e.chain[0], e.chain[len(e.chain)-1]
	e.Subject, e.Issuer = name(leaf.Subject.String()), name(leaf.Issuer.String())
	e.NotBefore, e.NotAfter = leaf.NotBefore, leaf.NotAfter
	e.SHA256, e.IssuerSHA256, e.Names = Fingerprint(leaf.Raw), "", nil
	if last.IsCA {
		e.IssuerSHA256 = Fingerprint(last.Raw)
	}
	for _, n := range leaf.DNSNames {
		e.Names = append(e.Names, name(n))
	}
	for _, ip := range leaf.IPAddresses {
		e.Names = append(e.Names, ip.String())
	}
}

// maxChain bounds the certificates of a server that are looked at, and those of a path. A site has three.
const maxChain = 20

// verifying returns the server's certificate and those of the chain that verify it, each by the next one. A server may show any other
// certificate beside them: that proves nothing.
func verifying(chain []*x509.Certificate) []*x509.Certificate {
	path := chain[:1:1]
	for {
		last := path[len(path)-1]
		next := slices.IndexFunc(chain[1:], func(c *x509.Certificate) bool {
			return !slices.Contains(path, c) && bytes.Equal(c.RawSubject, last.RawIssuer) && last.CheckSignatureFrom(c) == nil
		})
		if next < 0 || bytes.Equal(last.RawSubject, last.RawIssuer) || len(path) == maxChain {
			return path
		}
		path = append(path, chain[1+next])
	}
}

// With returns the error as if the server had also shown some CAs (PEM) that somebody else offers, and reports whether one of them
// verifies what it showed. Many servers show no CA.
func (e *UntrustedError) With(cas []byte) (*UntrustedError, bool) {
	offered, err := bounded.Certificates(cas)
	if err != nil || len(e.chain) == 0 {
		return e, false
	}
	more := *e
	more.describe(slices.Concat(e.chain, offered))
	return &more, slices.ContainsFunc(offered, more.chain[len(more.chain)-1].Equal)
}

// SignedBy reports whether a CA (PEM) verifies the certificate, together with the others that the server showed.
func (e *UntrustedError) SignedBy(ca string) bool {
	roots, beside := x509.NewCertPool(), x509.NewCertPool()
	if len(e.chain) == 0 || !roots.AppendCertsFromPEM([]byte(ca)) {
		return false
	}
	for _, c := range e.chain[1:] {
		beside.AddCert(c)
	}
	_, err := e.chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: beside})
	return err == nil
}

// VerifiedBy reports whether a CA (PEM) verifies the certificate as SignedBy does, and the certificate names the host.
func (e *UntrustedError) VerifiedBy(ca string) bool {
	host, _, err := net.SplitHostPort(ServerOf(e.Host))
	return err == nil && e.SignedBy(ca) && e.chain[0].VerifyHostname(host) == nil
}

// maxName bounds a name of a certificate, in characters.
const maxName = 256

// name makes a name from a server harmless.
func name(s string) string { return safetext.Line(s, maxName) }

// Fingerprint returns the SHA-256 of a certificate in DER: upper-case hex pairs with colons.
func Fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return format(sum[:])
}

func format(sum []byte) string { return strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":") }

// maxReason bounds the words of crypto/x509, which may repeat names of the certificate, in characters.
const maxReason = 400

func reason(err error) string {
	var unknown x509.UnknownAuthorityError
	var names x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown):
		return "its CA is unknown here"
	case errors.As(err, &names):
		return fmt.Sprintf("it is for %s, not for %s", namesOf(names.Certificate), safetext.Quote(names.Host, maxName))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Sprintf("it is valid from %s to %s and now it is %s", date(invalid.Cert.NotBefore), date(invalid.Cert.NotAfter), date(time.Now()))
	}
	return safetext.Line(strings.TrimPrefix(err.Error(), "x509: "), maxReason)
}

func date(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

func namesOf(c *x509.Certificate) string {
	var all []string
	for _, n := range c.DNSNames {
		all = append(all, name(n))
	}
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	if len(all) == 0 {
		return "no name at all"
	}
	if len(all) > 5 {
		all = append(all[:5], "…")
	}
	return strings.Join(all, ", ")
}
