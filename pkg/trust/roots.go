package trust

import (
	"crypto/x509"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
)

// Roots returns the CA certificates of a text in plain PEM, as Certificates does. The text may also be one certificate in DER, or the ZIP
// archive that a vCenter offers at /certs/download.zip.
func Roots(text []byte) ([]byte, error) {
	if bounded.IsZip(text) {
		return rootsOfZip(text)
	}
	if c, err := bounded.Certificate(text); err == nil {
		return encode([]*x509.Certificate{c}), nil
	}
	return Certificates(text)
}

// revocation reports whether a file is a revocation list by its name: OpenSSL and Windows expect it to end in .r0, .r1 … or .crl.
func revocation(name string) bool {
	end := strings.ToLower(path.Ext(name))
	number, numbered := strings.CutPrefix(end, ".r")
	return end == ".crl" || numbered && number != "" && strings.Trim(number, "0123456789") == ""
}

// rootsOfZip returns the certificates of an archive, each once. A vCenter has them in certs/lin and certs/mac as PEM in HASH.0, and again in
// certs/win as HASH.0.crt, with a revocation list beside each (HASH.r0, HASH.r0.crl). What is neither is left out, and so is a certificate
// that cannot be parsed: it verifies nothing, and the others may do.
func rootsOfZip(text []byte) ([]byte, error) {
	var all []*x509.Certificate
	want := func(name string) bool { return !revocation(name) }
	err := bounded.Unzip(text, want, func(_ string, content []byte) error {
		for _, c := range certificatesOf(content) {
			if !slices.ContainsFunc(all, c.Equal) {
				all = append(all, c)
			}
		}
		if len(all) > bounded.MaxBlocks {
			return &bounded.Error{Reason: fmt.Sprintf("has more than %d certificates", bounded.MaxBlocks)}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("the archive %w", err)
	}
	if len(all) == 0 {
		return nil, errors.New("the archive holds no certificate")
	}
	out := encode(all)
	if len(out) > bounded.MaxPEM { // It could not be read again.
		return nil, fmt.Errorf("the archive %w", &bounded.Error{Reason: fmt.Sprintf("has certificates of more than %d MiB", bounded.MaxPEM>>20)})
	}
	return out, nil
}

// certificatesOf returns the certificates of one file, in PEM or DER.
func certificatesOf(content []byte) (all []*x509.Certificate) {
	if c, err := bounded.Certificate(content); err == nil {
		return []*x509.Certificate{c}
	}
	blocks, err := bounded.PEM(content)
	if err != nil {
		return nil
	}
	for _, block := range blocks {
		if c, err := bounded.Certificate(block.Bytes); err == nil && block.Type == "CERTIFICATE" {
			all = append(all, c)
		}
	}
	return all
}
