package bounded

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
)

// The bounds of a PEM text. A system's bundle of CAs has about 150 certificates and 250 kB.
const (
	MaxPEM    = 1 << 20 // in bytes
	MaxBlocks = 1000
	maxBlock  = 64 << 10 // in bytes of DER
)

// PEM returns the blocks of a PEM text (RFC 7468). What stands between them is left out, such as a byte order mark that an editor put
// there: a block begins with its line. The error is an *Error.
func PEM(text []byte) ([]*pem.Block, error) {
	if len(text) > MaxPEM {
		return nil, exceeds("is larger than %d MiB", MaxPEM>>20)
	}
	if bytes.Count(text, []byte("-----BEGIN")) > MaxBlocks {
		return nil, exceeds("has more than %d blocks of PEM", MaxBlocks)
	}
	text = bytes.ReplaceAll(text, []byte("\ufeff-----BEGIN"), []byte("-----BEGIN"))
	var all []*pem.Block
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return all, nil
		}
		if len(block.Bytes) > maxBlock {
			return nil, exceeds("has a block of PEM that is larger than %d KiB", maxBlock>>10)
		}
		all = append(all, block)
	}
}

// Certificates returns the certificates of a PEM text in their order. Other blocks are left out. The error is an *Error, or one of
// crypto/x509 for a certificate that cannot be parsed.
func Certificates(text []byte) ([]*x509.Certificate, error) {
	blocks, err := PEM(text)
	if err != nil {
		return nil, err
	}
	var all []*x509.Certificate
	for _, block := range blocks {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// Certificate returns a certificate in DER (X.690). The error is an *Error or one of crypto/x509.
func Certificate(der []byte) (*x509.Certificate, error) {
	if len(der) > maxBlock {
		return nil, exceeds("is larger than %d KiB", maxBlock>>10)
	}
	return x509.ParseCertificate(der)
}
