package trust_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"golang.org/x/crypto/x509roots/fallback/bundle"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// authority is a CA that signs certificates for servers.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         string
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(48 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{certificate, key, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))}
}

// signCA makes an intermediate CA.
func (a *authority) signCA(t *testing.T, name string) *authority {
	t.Helper()
	key := newKey(t)
	return &authority{a.sign(t, name, key.Public()), key, ""}
}

// sign makes a CA certificate for a public key.
func (a *authority) sign(t *testing.T, name string, key any) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(48 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key, a.key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// renamed is a certificate of another CA for the key of a CA (PEM).
func renamed(t *testing.T, ca string) string {
	t.Helper()
	block, _ := pem.Decode([]byte(ca))
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: newAuthority(t, "cross").sign(t, "renamed", c.PublicKey).Raw}))
}

// serve starts a server with a certificate of the authority; change makes it a bad one. The authority's own certificate
// is shown, too.
func (a *authority) serve(t *testing.T, change func(*x509.Certificate)) *httptest.Server {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "front"},
		DNSNames: []string{"sup.example.com"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der, a.certificate.Raw}, PrivateKey: key}}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // Most handshakes here are meant to fail.
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// get asks a server under a trust.
func get(t *testing.T, tr trust.Trust, url string) error {
	t.Helper()
	client, err := tr.Client(trust.Options{Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	resp, err := client.Get(url)
	if err == nil {
		resp.Body.Close()
	}
	return err
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFromFileKeepsEveryCertificateAndNothingElse(t *testing.T) {
	one, two := newAuthority(t, "one"), newAuthority(t, "two")
	key := "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
	for name, tc := range map[string]struct{ text, want string }{
		"one":                 {one.pem, one.pem},
		"several":             {one.pem + two.pem, one.pem + two.pem},
		"comments":            {"# root\n" + one.pem + "\n# other\n" + two.pem + "end\n", one.pem + two.pem},
		"a key":               {key + one.pem + key, one.pem},
		"line ends of DOS":    {strings.ReplaceAll(one.pem, "\n", "\r\n"), one.pem},
		"no line end at last": {strings.TrimSpace(one.pem), one.pem},
	} {
		got, err := trust.FromFile(t.Context(), write(t, tc.text))
		if diff := cmp.Diff(trust.Trust{Mode: trust.Bundle, CA: tc.want}, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

func TestFromFileNamesAFileThatIsNoBundle(t *testing.T) {
	good := newAuthority(t, "one").pem
	for name, text := range map[string]string{
		"empty":              "",
		"garbage":            "garbage\x00\xff",
		"a key alone":        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"a bad certificate":  "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"a bad one at last":  good + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"a cut certificate":  good[:len(good)/2],
		"too large a bundle": good + strings.Repeat("# comment\n", 1<<17),
	} {
		path := write(t, text)
		if got, err := trust.FromFile(t.Context(), path); err == nil || !reflect.DeepEqual(got, trust.Trust{}) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for name, path := range map[string]string{"a directory": t.TempDir(), "nothing": filepath.Join(t.TempDir(), "none")} {
		if got, err := trust.FromFile(t.Context(), path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// A bundle and a pin are all that is trusted, and before the first use nothing is.
func TestTheSystemsRootsAreForTheSystem(t *testing.T) {
	ca := newAuthority(t, "ours")
	for mode, text := range map[trust.Mode]string{trust.Bundle: ca.pem, trust.Pinned: ""} {
		want := x509.NewCertPool()
		want.AppendCertsFromPEM([]byte(text))
		if c, err := (trust.Trust{Mode: mode, CA: text}).TLSConfig(); err != nil || c.RootCAs == nil || !c.RootCAs.Equal(want) {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

func TestTrustDecidesWhoIsBelieved(t *testing.T) {
	ours, theirs := newAuthority(t, "ours"), newAuthority(t, "theirs")
	server := ours.serve(t, nil)
	bundle := func(ca string) trust.Trust { return trust.Trust{Mode: trust.Bundle, CA: ca} }
	for name, tc := range map[string]struct {
		trust    trust.Trust
		believed bool
	}{
		"its CA":                {bundle(ours.pem), true},
		"several CAs":           {bundle(theirs.pem + ours.pem), true},
		"another CA":            {bundle(theirs.pem), false},
		"the system":            {trust.Trust{Mode: trust.System}, false},
		"nothing said":          {trust.Trust{}, false},
		"the system and its CA": {trust.Trust{Mode: trust.System, CA: ours.pem}, false}, // the bundle is not for this mode
		"whoever answers":       {trust.Trust{Mode: trust.Insecure}, true},
	} {
		err := get(t, tc.trust, server.URL)
		if (err == nil) != tc.believed {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestATrustThatIsNoneMakesNoClient(t *testing.T) {
	for name, tr := range map[string]trust.Trust{
		"a bundle of nothing": {Mode: trust.Bundle}, "a bundle of garbage": {Mode: trust.Bundle, CA: "x"}, "another mode": {Mode: "blind"},
	} {
		if client, err := tr.Client(trust.Options{}); err == nil || client != nil {
			t.Errorf("%s makes a client: %v", name, err)
		}
	}
}

func TestTLSIsOfToday(t *testing.T) {
	for _, mode := range []trust.Mode{trust.System, trust.Insecure} {
		c, err := trust.Trust{Mode: mode}.TLSConfig()
		if err != nil || c.MinVersion < tls.VersionTLS12 || c.InsecureSkipVerify != (mode == trust.Insecure) {
			t.Errorf("%s: %+v, %v", mode, c, err)
		}
	}
}

func TestTrustIsStoredAsItIs(t *testing.T) {
	for _, want := range []trust.Trust{{}, {Mode: trust.System}, {Mode: trust.Bundle, CA: "pem\n"}, {Mode: trust.Insecure}, {Mode: trust.Pinned, CA: "pem", Pins: map[string]string{"h:443": "pem"}}} {
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got trust.Trust
		if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %+v, %v", text, got, err)
		}
	}
}

// fingerprint is what `openssl x509 -fingerprint -sha256` prints.
func fingerprint(der []byte) string {
	var pairs []string
	for _, b := range sha256.Sum256(der) {
		pairs = append(pairs, fmt.Sprintf("%02X", b))
	}
	return strings.Join(pairs, ":")
}

func TestExplainSaysWhyAndWhoSigned(t *testing.T) {
	ca := newAuthority(t, "Lab CA")
	known := trust.Trust{Mode: trust.Bundle, CA: ca.pem}
	for name, tc := range map[string]struct {
		trust  trust.Trust
		change func(*x509.Certificate)
		reason string
	}{
		"unknown CA": {trust.Trust{Mode: trust.Bundle, CA: newAuthority(t, "Lab CA 2").pem}, nil, "its CA is unknown here"},
		"expired": {
			known, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }, "it is valid from ",
		},
		"not valid yet": {
			known, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }, "it is valid from ",
		},
		"wrong host": {
			known, func(c *x509.Certificate) { c.IPAddresses = nil }, `it is for sup.example.com, not for "127.0.0.1"`,
		},
		"no host": {
			known, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, nil }, `it is for no name at all, not for "127.0.0.1"`,
		},
		"many hosts": {
			known, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, strings.Fields("a b c d e f") }, "it is for a, b, c, d, e, …, not for",
		},
	} {
		server := ca.serve(t, tc.change)
		err := trust.Explain("sup:443", get(t, tc.trust, server.URL))
		var untrusted *trust.UntrustedError
		if !errors.As(err, &untrusted) {
			t.Errorf("%s: got %v, want an *UntrustedError", name, err)
			continue
		}
		leaf := server.TLS.Certificates[0].Certificate[0]
		if untrusted.UnknownCA != (name == "unknown CA") {
			t.Errorf("%s: UnknownCA is %t", name, untrusted.UnknownCA)
		}
		if !strings.HasPrefix(untrusted.Reason, tc.reason) {
			t.Errorf("%s: the reason is %q, want %q", name, untrusted.Reason, tc.reason)
		}
		if untrusted.Host != "sup:443" || untrusted.Issuer != "CN=Lab CA" || untrusted.Subject != "CN=front" ||
			untrusted.SHA256 != fingerprint(leaf) || untrusted.IssuerSHA256 != fingerprint(ca.certificate.Raw) {
			t.Errorf("%s: %+v", name, untrusted)
		}
		for _, part := range []string{"sup:443", untrusted.Reason, "CN=Lab CA", fingerprint(leaf)} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q does not say %q", name, err.Error(), part)
			}
		}
		var verification *tls.CertificateVerificationError
		if !errors.As(err, &verification) {
			t.Errorf("%s: the cause is lost", name)
		}
	}
}

func TestExplainNamesWhatTheCertificateIsFor(t *testing.T) {
	ca := newAuthority(t, "Lab CA")
	err := trust.Explain("sup", get(t, trust.Trust{Mode: trust.System}, ca.serve(t, nil).URL))
	var untrusted *trust.UntrustedError
	if !errors.As(err, &untrusted) {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"sup.example.com", "127.0.0.1"}, untrusted.Names); diff != "" {
		t.Error(diff)
	}
	if !untrusted.NotBefore.Before(untrusted.NotAfter) {
		t.Errorf("valid from %v to %v", untrusted.NotBefore, untrusted.NotAfter)
	}
}

func TestExplainMakesHostileNamesHarmless(t *testing.T) {
	ca := newAuthority(t, "CA\x1b[2J\n\u202e")
	server := ca.serve(t, func(c *x509.Certificate) {
		c.IPAddresses, c.DNSNames = nil, []string{"a\x1b[2Jb", strings.Repeat("x", 1000)}
	})
	for name, believed := range map[string]trust.Trust{"unknown CA": {Mode: trust.System}, "wrong host": {Mode: trust.Bundle, CA: ca.pem}} {
		err := trust.Explain("sup", get(t, believed, server.URL))
		if err == nil || strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == '\u202e' }) || len(err.Error()) > 1500 {
			t.Errorf("%s: %q is not harmless", name, err)
		}
		var untrusted *trust.UntrustedError
		if !errors.As(err, &untrusted) {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff([]string{`a\x1b[2Jb`, strings.Repeat("x", 256) + "…"}, untrusted.Names); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestExplainLeavesOtherErrorsAlone(t *testing.T) {
	other := errors.New("other")
	if got := trust.Explain("sup", other); got != other {
		t.Errorf("got %v", got)
	}
	if got := trust.Explain("sup", nil); got != nil {
		t.Errorf("got %v", got)
	}
}

func TestClientFollowsNoRedirectAndKeepsNoCookie(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" || r.Header.Get("Cookie") != "" {
			t.Errorf("%s arrived with the cookie %q", r.URL, r.Header.Get("Cookie"))
			return // Without a redirect: a client that follows them ends.
		}
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		http.Redirect(w, r, "/next", http.StatusFound)
	}))
	t.Cleanup(server.Close)
	client, err := trust.Trust{Mode: trust.Insecure}.Client(trust.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	for range 2 {
		resp, err := client.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusFound {
			t.Errorf("status %d", resp.StatusCode)
		}
	}
}

func TestPin(t *testing.T) {
	ca := newAuthority(t, "first")
	server := ca.serve(t, nil)
	var untrusted *trust.UntrustedError
	if err := trust.Explain("sup", get(t, trust.Trust{Mode: trust.Pinned}, server.URL)); !errors.As(err, &untrusted) || !untrusted.UnknownCA {
		t.Fatalf("nothing pinned trusts: %v", err)
	}
	shown, ok := untrusted.Pin(untrusted.Shown())
	pinned := trust.Trust{Mode: trust.Pinned, CA: shown}
	if !ok || len(pinned.Fingerprints()) != 1 || pinned.Fingerprints()[0] != untrusted.Shown() {
		t.Fatalf("%+v %t", pinned, ok)
	}
	if err := get(t, pinned, server.URL); err != nil {
		t.Errorf("the pinned server: %v", err)
	}
	if err := get(t, pinned, newAuthority(t, "second").serve(t, nil).URL); err == nil {
		t.Error("another server is trusted")
	}
	if _, ok := untrusted.Pin(strings.Repeat("00:", 31) + "00"); ok {
		t.Error("what was not shown is pinned")
	}
}

// A server may show certificates that do not verify its own. A person must not compare their fingerprints.
func TestOnlyWhatVerifiesIsShown(t *testing.T) {
	root, decoy := newAuthority(t, "root"), newAuthority(t, "decoy")
	sameName := newAuthority(t, "root") // Another key.
	between := root.signCA(t, "between")
	for name, tc := range map[string]struct {
		by     *authority
		beside []*authority
		shown  *authority // nil: the server's own certificate
	}{
		"the root":                 {root, []*authority{root}, root},
		"a decoy after the root":   {root, []*authority{root, decoy}, root},
		"a decoy before the root":  {root, []*authority{decoy, root}, root},
		"a decoy alone":            {root, []*authority{decoy}, nil},
		"a decoy of the same name": {root, []*authority{sameName}, nil},
		"both of one name":         {root, []*authority{sameName, root}, root},
		"an intermediate":          {between, []*authority{between, decoy}, between},
		"an intermediate, root":    {between, []*authority{root, decoy, between}, root},
		"nothing":                  {root, nil, nil},
		"no intermediate":          {between, []*authority{root, decoy}, nil},
	} {
		server := tc.by.serve(t, nil)
		leaf := server.TLS.Certificates[0].Certificate[0]
		chain := [][]byte{leaf}
		for _, a := range tc.beside {
			chain = append(chain, a.certificate.Raw)
		}
		server.TLS.Certificates[0].Certificate = chain
		var untrusted *trust.UntrustedError
		if err := trust.Explain("sup", get(t, trust.Trust{Mode: trust.Pinned}, server.URL)); !errors.As(err, &untrusted) {
			t.Fatalf("%s: %v", name, err)
		}
		want := fingerprint(leaf)
		if tc.shown != nil {
			want = fingerprint(tc.shown.certificate.Raw)
		}
		for ca, signed := range map[string]bool{root.pem: name != "no intermediate", sameName.pem: false, decoy.pem: false, "": false, "junk": false} {
			if untrusted.SignedBy(ca) != signed {
				t.Errorf("%s: signed: %t", name, !signed)
			}
		}
		if untrusted.Shown() != want {
			t.Errorf("%s: %s is shown", name, untrusted.Shown())
		}
		if _, ok := untrusted.Pin(fingerprint(decoy.certificate.Raw)); ok {
			t.Errorf("%s: the decoy can be pinned", name)
		}
		ca, ok := untrusted.Pin(untrusted.Shown())
		if err := get(t, trust.Trust{Mode: trust.Pinned, CA: ca}, server.URL); !ok || err != nil {
			t.Errorf("%s: what is shown does not verify the server: %v", name, err)
		}
	}
}

// A CA that browsers know vouches for everybody's servers, in whatever file it stands.
func TestPublic(t *testing.T) {
	for root := range bundle.Roots() {
		ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		if !trust.Public(ca) || !trust.Public(renamed(t, ca)) {
			t.Fatal("a CA that browsers trust is private")
		}
		break
	}
	for _, ca := range []string{"", "garbage", newAuthority(t, "own").pem} {
		if trust.Public(ca) {
			t.Errorf("%q is public", ca)
		}
	}
}

func TestPrivate(t *testing.T) {
	own := newAuthority(t, "own").pem
	text, _ := os.ReadFile("/etc/ssl/certs/ca-certificates.crt") // Other systems have no such file.
	debian := string(text)
	var known []byte
	one := ""
	for root := range bundle.Roots() {
		one = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		known = append(known, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate})...)
	}
	for name, tc := range map[string]struct {
		trust trust.Trust
		want  string
	}{
		"own":          {trust.Trust{Mode: trust.Bundle, CA: own}, own},
		"first use":    {trust.Trust{Mode: trust.Pinned, CA: own, Pins: map[string]string{"x:443": own}}, own},
		"public":       {trust.Trust{Mode: trust.Bundle, CA: string(known)}, ""},
		"both":         {trust.Trust{Mode: trust.Bundle, CA: string(known) + own}, ""},
		"one of them":  {trust.Trust{Mode: trust.Bundle, CA: own + one}, ""},
		"another name": {trust.Trust{Mode: trust.Bundle, CA: own + renamed(t, one)}, ""},
		"a collection": {trust.Trust{Mode: trust.Bundle, CA: strings.Repeat(own, 21)}, ""},
		"a Debian's":   {trust.Trust{Mode: trust.Bundle, CA: debian}, ""},
		"the system's": {trust.Trust{Mode: trust.System}, ""},
		"none":         {trust.Trust{Mode: trust.Insecure, CA: own}, ""},
		"pinned":       {trust.Trust{Mode: trust.Pinned, Pins: map[string]string{"front:443": own}}, own},
		"of one shell": {trust.Trust{Mode: trust.System, Pins: map[string]string{"front:443": own}}, ""},
		"an older one": {trust.Trust{Pins: map[string]string{"front:443": own}}, ""},
	} {
		got, ok := tc.trust.PrivateAt("front:443")
		if ok != (tc.want != "") || ok && (got.CA != tc.want || got.Mode != trust.Bundle || len(got.Pins) > 0) {
			t.Errorf("%s: %v, %d bytes", name, ok, len(got.CA))
		}
	}
}

// A pin that is added to a copy is not in the original.
func TestWithPinLeavesTheOriginal(t *testing.T) {
	one := trust.Trust{Mode: trust.Pinned}.WithPin("a:443", "x")
	if two := one.WithPin("b:443", "y"); len(one.Pins) != 1 || len(two.Pins) != 2 {
		t.Errorf("%v %v", one.Pins, two.Pins)
	}
}

func TestParseFingerprint(t *testing.T) {
	want := trust.Fingerprint([]byte("x"))
	plain := strings.ToLower(strings.ReplaceAll(want, ":", ""))
	for _, s := range []string{want, plain, "sha256:" + plain, "SHA256:" + want, " " + want + "\n"} {
		if got, err := trust.ParseFingerprint(s); err != nil || got != want {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "sha256:", plain[1:], plain + "00", "md5:" + plain, strings.Repeat("zz", 32)} {
		if got, err := trust.ParseFingerprint(s); err == nil {
			t.Errorf("%q: %q", s, got)
		}
	}
}

// A pin is for one server: no other is believed by it, and that one by nothing else.
func TestPinsAreForOneServer(t *testing.T) {
	first, second := newAuthority(t, "first"), newAuthority(t, "second")
	a, b := first.serve(t, nil), second.serve(t, nil)
	server := func(s *httptest.Server) string { return strings.TrimPrefix(s.URL, "https://") }
	base := trust.Trust{Mode: trust.Bundle, CA: first.pem}
	if err := get(t, base, b.URL); err == nil {
		t.Error("it is trusted without a pin")
	}
	pinned := base.WithPin(server(b), second.pem)
	if err := errors.Join(get(t, pinned, a.URL), get(t, pinned, b.URL)); err != nil {
		t.Error(err)
	}
	if err := get(t, pinned, second.serve(t, nil).URL); err == nil {
		t.Error("another server of that CA is trusted")
	}
	if err := get(t, base.WithPin(server(a), second.pem), a.URL); err == nil {
		t.Error("a server with a pin is trusted for another reason")
	}
	if base.Pins != nil {
		t.Error("WithPin changed the trust that it is made from")
	}
}

func TestBeside(t *testing.T) {
	pinned := trust.Trust{}.WithPin("a:443", "1").WithPin("a:6443", "2").WithPin("ab:443", "3").WithPin("[fd00::1]:443", "4")
	for server, want := range map[string][]string{
		"a:443": {"2"}, "a:8443": {"1", "2"}, "b:443": nil, "ab:443": nil, "[fd00::1]:6443": {"4"}, "a": nil, "": nil,
	} {
		if diff := cmp.Diff(want, pinned.Beside(server)); diff != "" {
			t.Errorf("%s: %s", server, diff)
		}
	}
}

// A server that is reached elsewhere is verified by its own name, and asked for by it.
func TestReach(t *testing.T) {
	ca := newAuthority(t, "first")
	server := ca.serve(t, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"sup.example.com"} })
	at := strings.TrimPrefix(server.URL, "https://")
	for name, want := range map[string]bool{"sup.example.com": true, "other.example.com": false} {
		client, err := trust.Trust{Mode: trust.Bundle, CA: ca.pem}.Client(trust.Options{Reach: func(s string) string {
			if s != name+":443" {
				t.Errorf("asked for %q", s)
			}
			return at
		}})
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Get("https://" + name + "/")
		if (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			_ = resp.Body.Close()
		}
		client.CloseIdleConnections()
	}
}
