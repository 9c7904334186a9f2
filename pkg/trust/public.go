package trust

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"sync"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// publicRoots are the CAs that browsers know (Mozilla's list). What a system knows is another matter: people add the CA of their vCenter to that.
var publicRoots = sync.OnceValue(func() *x509.CertPool {
	pool := x509.NewCertPool()
	for root := range bundle.Roots() {
		if c, err := x509.ParseCertificate(root.Certificate); err == nil {
			pool.AddCert(c)
		}
	}
	return pool
})

// public tells whether a CA is one that browsers know, or is of one. Anybody can have a certificate of it.
func public(c *x509.Certificate) bool {
	_, err := c.Verify(x509.VerifyOptions{Roots: publicRoots(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err == nil
}

// Private is the part of a trust that no public CA has a share in: who shows a certificate under it was given that by the site. It is false
// when there is none, and where the system's roots are trusted, of which nobody knows whose they are. Pins go: each is for its own server.
func (t Trust) Private() (Trust, bool) {
	if t.Mode != Bundle && t.Mode != Pinned {
		return Trust{}, false
	}
	var own bytes.Buffer
	for text := []byte(t.CA); ; {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return Trust{Mode: Bundle, CA: own.String()}, own.Len() > 0
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil && !public(c) {
			own.Write(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes}))
		}
	}
}
