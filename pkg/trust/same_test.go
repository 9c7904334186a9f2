package trust_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// someCA returns the PEM of a certificate.
func someCA(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// Two files of the same certificates are the same bundle, and nothing else is.
func TestSameCAs(t *testing.T) {
	a, b, c := someCA(t), someCA(t), someCA(t)
	headed := strings.Replace(a, "-----\n", "-----\nProc-Type: 4\n\n", 1) // crypto/x509 does not take it.
	for name, tc := range map[string]struct {
		x, y string
		want bool
	}{
		"nothing":               {"", "", true},
		"the same":              {a, a, true},
		"another order":         {a + b, b + a, true},
		"other line ends":       {a + b, strings.ReplaceAll(a+b, "\n", "\r\n"), true},
		"blank lines":           {a + b, "\n" + a + "\n\n" + b + "\n", true},
		"comments":              {a, "# the CA of the lab\n" + a + "# end\n", true},
		"no line end":           {a, strings.TrimSuffix(a, "\n"), true},
		"once and twice":        {a, a + a, true},
		"a key beside it":       {a, a + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", true},
		"another one":           {a, b, false},
		"one of two":            {a + b, a + c, false},
		"one more":              {a, a + b, false},
		"one and nothing":       {a, "", false},
		"one that is not taken": {a, headed, false},
		"no certificates":       {"one text", "another", false},
		"no certificate":        {a, "text", false},
	} {
		if trust.SameCAs(tc.x, tc.y) != tc.want || trust.SameCAs(tc.y, tc.x) != tc.want {
			t.Errorf("%s: not %t", name, tc.want)
		}
	}
}

// Where a secret goes does not change with the form of a bundle, and does with a CA, a mode or a pin.
func TestSameTrust(t *testing.T) {
	a, b := someCA(t), someCA(t)
	const server = "a.lab:443"
	bundle := func(ca string) trust.Trust { return trust.Trust{Mode: trust.Bundle, CA: ca} }
	pinned := func(pins ...string) trust.Trust {
		p := trust.Trust{Mode: trust.Pinned}
		for i := 0; i < len(pins); i += 2 {
			p = p.WithPin(pins[i], pins[i+1])
		}
		return p
	}
	for name, tc := range map[string]struct {
		x, y      trust.Trust
		all, here bool // the same for all servers, and for one
	}{
		"the same":                {bundle(a), bundle(a), true, true},
		"another form":            {bundle(a + b), bundle(b + a), true, true},
		"another CA":              {bundle(a), bundle(b), false, false},
		"a file and a pin":        {bundle(a), pinned(server, a), false, true},
		"a pin in another form":   {pinned(server, a+b), pinned(server, b+a), true, true},
		"a pin of another CA":     {pinned(server, a), pinned(server, b), false, false},
		"a pin of another server": {pinned(server, a), pinned("b.lab:443", a), false, false},
		"a further pin":           {pinned(server, a), pinned(server, a, "b.lab:443", b), false, true},
		"the system's roots":      {trust.Trust{Mode: trust.System}, trust.Trust{Mode: trust.System}, true, true},
		"them, and nothing":       {trust.Trust{Mode: trust.System}, pinned(), false, false},
		"nothing verified":        {trust.Trust{Mode: trust.Insecure}, trust.Trust{Mode: trust.Insecure}, true, false},
		"one not verified":        {bundle(a), trust.Trust{Mode: trust.Insecure, CA: a}, false, false},
	} {
		for _, pair := range [][2]trust.Trust{{tc.x, tc.y}, {tc.y, tc.x}} {
			if pair[0].Same(pair[1]) != tc.all || pair[0].SameFor(pair[1], server) != tc.here {
				t.Errorf("%s: not %t, %t", name, tc.all, tc.here)
			}
		}
	}
}
