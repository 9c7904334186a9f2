package script

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"

	"github.com/rogpeppe/go-internal/testscript"
)

// keyBits leaves room for a URL: OAEP with SHA-512 takes 130 of a key's bytes.
const keyBits = 3072

// Key makes a key pair: the private key is a file, the public keys are PEM as JSON strings, which YAML can read.
func Key(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: key NAME")
	}
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	ts.Check(err)
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), x509.MarshalPKCS1PrivateKey(key), 0o600))
	for form, der := range map[string][]byte{"_pkcs1": x509.MarshalPKCS1PublicKey(&key.PublicKey), "_spki": spki} {
		text, err := json.Marshal(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
		ts.Check(err)
		ts.Setenv(args[0]+form, string(text))
	}
}

// Decrypt prints what base64 of RSA-OAEP with SHA-512 and no label holds.
func Decrypt(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: decrypt NAME BASE64")
	}
	key, err := x509.ParsePKCS1PrivateKey([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	sealed, err := base64.StdEncoding.DecodeString(args[1])
	ts.Check(err)
	text, err := rsa.DecryptOAEP(sha512.New(), nil, key, sealed, nil)
	if neg != (err != nil) {
		ts.Fatalf("decrypt: %v", err)
	}
	_, err = fmt.Fprint(ts.Stdout(), string(text))
	ts.Check(err)
}
