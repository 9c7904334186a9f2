package logincmd_test

import (
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

const firstUse = "Trust it for this Supervisor"

// untold is the command line of a login that names no CA.
func untold(more ...string) []string {
	return append([]string{"login", "--server", "10.0.0.1", "-u", consoletest.User}, more...)
}

// fingerprintOf is that of a CA.
func fingerprintOf(ca *consoletest.CA) string {
	return trust.Trust{CA: ca.PEM}.Fingerprints()[0]
}

// A CA that a person believes is remembered, and only that one.
func TestTrustOnFirstUse(t *testing.T) {
	w, s := site(t)
	given(w)
	w.Person(consoletest.Answer{To: firstUse, Keys: "y"})
	w.Run(untold()...).Exits(0).Says("trust on first use", fingerprintOf(w.CA))
	if got := w.Session().Trust; got.Mode != trust.Pinned || got.CA != w.CA.PEM {
		t.Errorf("the session is trusted by %s", got.Mode)
	}
	w.Nobody()
	w.Run(untold()...).Exits(0).Omits("trust on first use")

	another := consoletest.NewCA(t, "another-ca")
	w.Serve("10.0.0.1:443", another, s)
	s.Forget()
	w.Run(untold()...).Exits(4).Says("is not the one that was trusted so far", fingerprintOf(w.CA), fingerprintOf(another), "--replace-ca")
	if len(s.Requests()) > 0 {
		t.Errorf("it was sent %q", s.Requests())
	}
	w.Person(consoletest.Answer{To: firstUse, Keys: "yes"})
	w.Run(untold("--replace-ca")...).Exits(0).Says("trusted so far: SHA-256 " + fingerprintOf(w.CA))
	if got := w.Session().Trust; got.CA != another.PEM {
		t.Error("the CA was not replaced")
	}
}

// No is the default, and nothing was sent.
func TestNotTrusted(t *testing.T) {
	w, s := site(t)
	given(w)
	for _, keys := range []string{"", "n", "ja"} {
		w.Person(consoletest.Answer{To: firstUse, Keys: keys})
		w.Run(untold()...).Exits(4).Says("Not trusted").Omits("error:")
	}
	w.Person(consoletest.Answer{To: firstUse, Keys: consoletest.Interrupt})
	w.Run(untold()...).Exits(130)
	w.Nobody()
	w.Run(untold()...).Exits(4).Says("--certificate-authority", "--ca-fingerprint", "--insecure-skip-tls-verify")
	if len(s.Requests()) > 0 {
		t.Errorf("it was sent %q", s.Requests())
	}
}

func TestFingerprint(t *testing.T) {
	w, s := site(t)
	given(w)
	w.Run(untold("--ca-fingerprint", strings.Repeat("0", 64))...).Exits(4).Says("does not show the certificate of --ca-fingerprint")
	if len(s.Requests()) > 0 {
		t.Errorf("it was sent %q", s.Requests())
	}
	w.Run(untold("--ca-fingerprint", fingerprintOf(w.CA))...).Exits(0)
	w.Run(untold()...).Exits(0)
}

// It is loud, and not remembered.
func TestInsecure(t *testing.T) {
	w, _ := site(t)
	given(w)
	w.Run(untold("--insecure-skip-tls-verify")...).Exits(0).Says("WARNING", "is not verified")
	w.Run(untold()...).Exits(4).Omits("WARNING")
	w.Run("login").Exits(2).Says("--insecure-skip-tls-verify, which is not repeated")
}

// Another control plane host has a CA of its own: it is asked about, one after the other.
func TestFurtherHosts(t *testing.T) {
	w, s := site(t)
	given(w)
	another := consoletest.NewCA(t, "another-ca")
	second := w.Supervisor("10.0.1.1", &consoletest.Namespace{Name: "ns3"})
	second.CA = another
	w.Serve("10.0.1.1:443", another, second)
	w.Serve("10.0.1.1:6443", another, second)
	s.Namespaces = append(s.Namespaces, &consoletest.Namespace{Name: "ns3", Host: "10.0.1.1"})

	w.Run(signIn(w)...).Exits(5).Says("10.0.1.1: ", "   ns1\n").Omits("   ns3\n")
	if len(second.Requests()) > 0 {
		t.Errorf("it was sent %q", second.Requests())
	}
	w.Person() // A CA file decides about every server: nothing is asked.
	w.Run(signIn(w)...).Exits(5).Says("10.0.1.1: ").Omits("trust on first use")
	w.Person(consoletest.Answer{To: firstUse, Keys: "y"})
	w.Run(untold()...).Exits(0).Says("   ns3\n")
	if got := w.Session().Trust.Pins["10.0.1.1:443"]; got != another.PEM {
		t.Error("the other host is not pinned")
	}
}

func TestNoSuchCAFile(t *testing.T) {
	w, _ := site(t)
	given(w)
	w.Run(untold("--certificate-authority", w.Dir+"/none.pem")...).Exits(2).Says("none.pem")
	w.Run(untold("--certificate-authority", w.WriteFile("junk.pem", "junk", 0o600))...).Exits(2).Says("junk.pem", "no certificate")
}

// A server that the system's roots verified, and that shows an unknown CA now, has changed: nobody is asked as at first use.
func TestChangeAfterTheSystemsRoots(t *testing.T) {
	w, s := site(t)
	given(w)
	if _, err := w.Store().SaveSession(tokens.Session{Server: "10.0.0.1", User: "ops@vsphere.local", Method: "sso", Trust: trust.Trust{Mode: trust.System}}); err != nil {
		t.Fatal(err)
	}
	w.Person() // Nothing is asked.
	w.Run(untold()...).Exits(4).Says("is not the one that was trusted so far: it was a CA of this system", "--replace-ca", "SSL_CERT_FILE").Omits("trust on first use")
	if len(s.Requests()) > 0 {
		t.Errorf("it was sent %q", s.Requests())
	}
	w.Person(consoletest.Answer{To: firstUse, Keys: "y"})
	w.Run(untold("--replace-ca")...).Exits(0).Says("trusted so far: a CA of this system")
}

// The same holds for another control plane host that the last login verified with the CA of the first.
func TestChangeOfAFurtherHost(t *testing.T) {
	w, s := site(t)
	given(w)
	second := w.Supervisor("10.0.1.1", &consoletest.Namespace{Name: "ns3"})
	s.Namespaces = append(s.Namespaces, &consoletest.Namespace{Name: "ns3", Host: "10.0.1.1"})
	w.Person(consoletest.Answer{To: firstUse, Keys: "y"})
	w.Run(untold()...).Exits(0).Says("   ns3\n")
	another := consoletest.NewCA(t, "another-ca")
	w.Serve("10.0.1.1:443", another, second)
	second.Forget()
	w.Person() // Nothing is asked.
	w.Run(untold()...).Exits(5).Says("10.0.1.1:443 is not the one that was trusted so far: it was "+"SHA-256 "+fingerprintOf(w.CA), "--replace-ca").Omits("trust on first use")
	if len(second.Requests()) > 0 {
		t.Errorf("it was sent %q", second.Requests())
	}
}
