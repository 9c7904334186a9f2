package trust

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"strings"
)

// ParseFingerprint reads the SHA-256 of a certificate: 64 hex digits, with or without colons, in any case, perhaps
// after "sha256:". It returns the form of Fingerprint.
func ParseFingerprint(s string) (string, error) {
	digits := strings.ReplaceAll(strings.TrimSpace(s), ":", "")
	if rest, ok := strings.CutPrefix(strings.ToLower(digits), "sha256"); ok {
		digits = rest
	}
	sum, err := hex.DecodeString(digits)
	if err != nil || len(sum) != sha256.Size {
		return "", errors.New("it is not a SHA-256: 64 hex digits, as in sha256:2F4B…")
	}
	return format(sum), nil
}

// Pin returns the certificate (PEM) of the chain with that fingerprint, or false if the chain has no such one.
func (e *UntrustedError) Pin(fingerprint string) (ca string, ok bool) {
	for _, c := range e.chain {
		if Fingerprint(c.Raw) == fingerprint {
			return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})), true
		}
	}
	return "", false
}

// Shown returns the fingerprint of the certificate that is pinned at first use: the CA, if the server showed it, else
// its own.
func (e *UntrustedError) Shown() string {
	if e.IssuerSHA256 != "" {
		return e.IssuerSHA256
	}
	return e.SHA256
}

// Fingerprints returns those of the CA certificates of this trust.
func (t Trust) Fingerprints() []string {
	var all []string
	for text := []byte(t.CA); ; {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return all
		}
		all = append(all, Fingerprint(block.Bytes))
	}
}
