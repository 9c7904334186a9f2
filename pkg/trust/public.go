package trust

import (
	"crypto/x509"
	"encoding/pem"
	"slices"
	"sync"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// publicRoots are the CAs that browsers trust (Mozilla's list), and their public keys, since one CA may have several
// certificates. The system's roots would not do: people add the CA of their vCenter to them.
var publicRoots = sync.OnceValues(func() (*x509.CertPool, map[string]bool) {
	pool, keys := x509.NewCertPool(), map[string]bool{}
	for root := range bundle.Roots() {
		if c, err := x509.ParseCertificate(root.Certificate); err == nil {
			pool.AddCert(c)
			keys[string(c.RawSubjectPublicKeyInfo)] = true
		}
	}
	return pool, keys
})

// public reports whether a CA is one that browsers trust, or was issued by one. Anybody can get a certificate of it.
func public(c *x509.Certificate, beside *x509.CertPool) bool {
	roots, keys := publicRoots()
	_, err := c.Verify(x509.VerifyOptions{Roots: roots, Intermediates: beside, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err == nil || keys[string(c.RawSubjectPublicKeyInfo)]
}

// Public reports whether a CA (PEM; its first certificate) is one that browsers trust.
func Public(ca string) bool {
	block, _ := pem.Decode([]byte(ca))
	if block == nil {
		return false
	}
	c, err := x509.ParseCertificate(block.Bytes)
	return err == nil && public(c, nil)
}

// maxPrivate is more CAs than a site has. A larger bundle is a collection, such as a system's.
const maxPrivate = 20

// PrivateAt returns how a server (HOST:PORT) is verified, and reports whether that rests on the site's own CAs alone: then the site
// itself gave the server its certificate. Where the system's roots verify the site, a pin of the server proves nothing. It is false if one of the CAs is public, since that vouches for
// everybody's servers, and for the system's roots.
func (t Trust) PrivateAt(server string) (Trust, bool) {
	if t.Mode == System || t.Mode == "" {
		return Trust{}, false
	}
	return t.For(server).private()
}

func (t Trust) private() (Trust, bool) {
	if t.Mode != Bundle && t.Mode != Pinned {
		return Trust{}, false
	}
	all, beside := []*x509.Certificate{}, x509.NewCertPool()
	for text := []byte(t.CA); ; {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			all = append(all, c)
			beside.AddCert(c)
		}
	}
	shared := slices.ContainsFunc(all, func(c *x509.Certificate) bool { return public(c, beside) })
	return Trust{Mode: Bundle, CA: t.CA}, len(all) > 0 && len(all) <= maxPrivate && !shared
}
