// Package pki makes the certificate authorities and certificates of a lab.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// CA is a certificate authority.
type CA struct {
	Cert *x509.Certificate
	PEM  []byte
	key  crypto.Signer
}

// Pair is a certificate with its key.
type Pair struct {
	CertPEM, KeyPEM []byte
	TLS             tls.Certificate
}

const life = 10 * 365 * 24 * time.Hour

// NewCA makes an authority. The lab's first one is named like vCenter's VMCA.
func NewCA(name pkix.Name) (*CA, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: name,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(life),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &CA{Cert: cert, PEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), key: key}, nil
}

// LoadCA reads an authority that somebody else made, in PEM.
func LoadCA(certPEM, keyPEM []byte) (*CA, error) {
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, err
	}
	key, ok := pair.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, errors.New("the key of the authority cannot sign")
	}
	cert, err := x509.ParseCertificate(pair.Certificate[0])
	return &CA{Cert: cert, PEM: certPEM, key: key}, err
}

// VMCA is the subject of a vCenter's certificate authority.
func VMCA() pkix.Name {
	return pkix.Name{CommonName: "CA", Organization: []string{"vcenter.lab"}, OrganizationalUnit: []string{"VMware Engineering"}, Country: []string{"US"}}
}

// Server issues a server certificate for addresses and names. A Supervisor's certificate often has addresses only.
func (c *CA) Server(name string, ips []net.IP, dns ...string) (Pair, error) {
	return c.issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IPAddresses: ips, DNSNames: dns,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
}

// Client issues a client certificate; Kubernetes reads the organizations as groups.
func (c *CA) Client(name string, groups ...string) (Pair, error) {
	return c.issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: name, Organization: groups},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

// ClientFor is Client with a beginning and an end.
func (c *CA) ClientFor(from, until time.Time, name string, groups ...string) (Pair, error) {
	return c.issue(&x509.Certificate{
		Subject:   pkix.Name{CommonName: name, Organization: groups},
		NotBefore: from, NotAfter: until,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

// issue signs what the template says; without dates it is good for all the time that a lab runs.
func (c *CA) issue(template *x509.Certificate) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, err
	}
	template.SerialNumber = serial()
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(life)
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, c.Cert, key.Public(), c.key)
	if err != nil {
		return Pair{}, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, err
	}
	p := Pair{
		CertPEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		KeyPEM:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
	}
	p.TLS, err = tls.X509KeyPair(append(p.CertPEM, c.PEM...), p.KeyPEM)
	return p, err
}

// Write puts the pair into dir as NAME.crt and NAME.key.
func (p Pair) Write(dir, name string) error {
	path := filepath.Join(dir, name)
	return errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(path+".crt", p.CertPEM, 0o600), os.WriteFile(path+".key", p.KeyPEM, 0o600))
}

func serial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		panic(err) // The system's random source does not fail.
	}
	return n
}
