package trust

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
)

// SystemKnows reports whether the system's roots verify a CA (PEM; its first certificate).
func SystemKnows(ca []byte) bool {
	block, _ := pem.Decode(ca)
	if block == nil {
		return false
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return false
	}
	_, err = c.Verify(x509.VerifyOptions{KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err == nil
}

// Merge returns the certificates of both (PEM), each once, in their order.
func Merge(a, b []byte) []byte {
	merged := bytes.Clone(a)
	for {
		var block *pem.Block
		if block, b = pem.Decode(b); block == nil {
			return merged
		}
		if text := pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes}); !bytes.Contains(merged, text) {
			merged = append(merged, text...)
		}
	}
}
