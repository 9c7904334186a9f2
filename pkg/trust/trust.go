// Package trust decides why a server's certificate is trusted: by the system's roots, by a bundle of CA certificates,
// because the server showed it at first use, or without a reason. It makes the HTTP client for that, and explains a
// certificate that is not trusted.
package trust

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// Mode is a reason to trust a certificate. Sessions store its text.
type Mode string

// The modes.
const (
	System   Mode = "system"   // the roots of the operating system (and SSL_CERT_FILE)
	Bundle   Mode = "ca"       // the CA certificates of Trust.CA and no others
	Pinned   Mode = "pinned"   // Trust.CA, which a server showed and somebody confirmed; without one no server but those of Trust.Pins
	Insecure Mode = "insecure" // nothing is verified: any server is trusted
)

// Trust is a mode with its certificates. The zero value is System.
type Trust struct {
	Mode Mode   `json:"mode"`
	CA   string `json:"ca,omitempty"` // PEM, one certificate or more, for Bundle and Pinned
	// Pins are the CAs (PEM) of servers (HOST:PORT) that have one of their own: those that a person accepted at first use.
	Pins map[string]string `json:"pins,omitempty"`
}

// FromFile reads a bundle of CA certificates from a file or a pipe: PEM, at most 1 MiB; one certificate in DER; or the ZIP archive that a
// vCenter offers at /certs/download.zip. Comments and keys in it are dropped. When ctx ends, the error is ctx.Err().
func FromFile(ctx context.Context, path string) (Trust, error) {
	text, err := bounded.File(ctx, path, bounded.MaxZip, bounded.RegularOrPipe)
	if err != nil {
		return Trust{}, err
	}
	ca, err := Roots(text)
	if err != nil {
		return Trust{}, fmt.Errorf("%s: %w", path, err)
	}
	return Trust{Mode: Bundle, CA: string(ca)}, nil
}

// Certificates returns the certificates of a PEM text in plain PEM, in their order. It fails if there is no
// certificate, one that cannot be parsed, or more than a bundle has (package bounded).
func Certificates(text []byte) ([]byte, error) {
	all, err := bounded.Certificates(text)
	var exceeds *bounded.Error
	switch {
	case errors.As(err, &exceeds):
		return nil, fmt.Errorf("it %w", err)
	case err != nil:
		return nil, fmt.Errorf("a certificate in it cannot be read: %w", err)
	case len(all) == 0:
		return nil, errors.New("it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")
	}
	return encode(all), nil
}

// encode returns certificates in plain PEM.
func encode(all []*x509.Certificate) []byte {
	var out bytes.Buffer
	for _, c := range all {
		out.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return out.Bytes()
}

// TLSConfig returns the client side of TLS (1.2 or later) under this trust.
func (t Trust) TLSConfig() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	switch t.Mode {
	case System, "":
	case Pinned:
		c.RootCAs = x509.NewCertPool()
		c.RootCAs.AppendCertsFromPEM([]byte(t.CA)) // Before the first use there is no CA, and nothing is trusted.
	case Bundle:
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM([]byte(t.CA)) {
			return nil, errors.New("the CA bundle holds no certificate")
		}
	case Insecure:
		c.InsecureSkipVerify = true // The user asked for it with a flag and was warned.
	default:
		return nil, fmt.Errorf("unknown trust mode %s", safetext.Quote(string(t.Mode), maxName))
	}
	return c, nil
}
