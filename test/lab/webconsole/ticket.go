package webconsole

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
)

// The errors of a key, in VM Operator's words. What openssl rsa -pubout prints is invalid: it holds SubjectPublicKeyInfo.
var (
	errKeyFormat = errors.New("invalid public key format") // It is no PEM of the type PUBLIC KEY.
	errKey       = errors.New("invalid public key")        // It is no PKCS#1.
)

func parseKey(text string) (*rsa.PublicKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, errKeyFormat
	}
	key, err := x509.ParsePKCS1PublicKey(block.Bytes)
	if err != nil {
		return nil, errKey
	}
	return key, nil
}

// seal encrypts a URL for the owner of a key: base64 of RSA-OAEP with SHA-512 and no label.
func seal(publicKey, url string) (string, error) {
	key, err := parseKey(publicKey)
	if err != nil {
		return "", err
	}
	text, err := rsa.EncryptOAEP(sha512.New(), rand.Reader, key, []byte(url), nil)
	return base64.StdEncoding.EncodeToString(text), err
}

// newURL is the URL of a console on a host: where the page of the proxy connects to.
func newURL(host string) string {
	var ticket [8]byte
	_, _ = rand.Read(ticket[:])
	return "wss://" + host + ":443/ticket/" + hex.EncodeToString(ticket[:])
}
