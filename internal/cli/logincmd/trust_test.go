package logincmd_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// firstUse is the question about the CA of one server, and of the Supervisor of these tests.
const (
	firstUse      = "alone from now on?"
	firstUseOfOne = "Trust it for 10.0.0.1 alone from now on?"
)

// untold is the command line of a login that names no CA.
func untold(more ...string) []string {
	return append([]string{"login", "--server", "10.0.0.1", "-u", consoletest.User}, more...)
}

// fingerprintOf is that of a CA.
func fingerprintOf(ca *consoletest.CA) string {
	return trust.Trust{CA: ca.PEM}.Fingerprints()[0]
}

// pins is the trust in some servers, by the CA that they showed, and in nothing else.
func pins(ca *consoletest.CA, servers ...string) trust.Trust {
	t := trust.Trust{Mode: trust.Pinned}
	for _, server := range servers {
		t = t.WithPin(server, ca.PEM)
	}
	return t
}

// A CA that a person believes is remembered, and only that one.
func TestTrustOnFirstUse(t *testing.T) {
	w, s := site(t)
	given(w)
	w.Person(consoletest.Answer{To: firstUseOfOne, Keys: "y"})
	w.Run(untold()...).Exits(0).Says("trust on first use", fingerprintOf(w.CA))
	if diff := cmp.Diff(pins(w.CA, "10.0.0.1:443"), w.Session().Trust); diff != "" {
		t.Error(diff)
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
	if diff := cmp.Diff(pins(another, "10.0.0.1:443"), w.Session().Trust); diff != "" {
		t.Error(diff)
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

// linked is a site with further control plane hosts, each with some of 40 namespaces. The first one's CA signed their certificates.
func linked(t *testing.T, hosts ...string) (*consoletest.World, []*consoletest.Supervisor) {
	w, s := site(t)
	given(w)
	var all []*consoletest.Supervisor
	for k, host := range hosts {
		further := w.Supervisor(host)
		for i := range 40 / len(hosts) {
			ns := &consoletest.Namespace{Name: fmt.Sprintf("of%d-%d", k+1, i), Host: host}
			s.Namespaces, further.Namespaces = append(s.Namespaces, ns), append(further.Namespaces, &consoletest.Namespace{Name: ns.Name})
		}
		all = append(all, further)
	}
	return w, all
}

// own gives a host a CA of its own, which signs the certificate of its front and of its API server.
func own(t *testing.T, w *consoletest.World, s *consoletest.Supervisor) *consoletest.CA {
	s.CA = consoletest.NewCA(t, "ca-of-"+s.Host)
	w.Serve(s.Host+":443", s.CA, s)
	w.Serve(s.Host+":6443", s.CA, s)
	return s.CA
}

// unasked fails the test if a server got a request.
func unasked(t *testing.T, all ...*consoletest.Supervisor) {
	t.Helper()
	for _, s := range all {
		if len(s.Requests()) > 0 {
			t.Errorf("%s was sent %q", s.Host, s.Requests())
		}
	}
}

// Other control plane hosts with certificates of the accepted CA are asked about once, together, and never again.
func TestFirstUseIsForOneServer(t *testing.T) {
	const together = "Trust it for these 2 servers too?"
	w, hosts := linked(t, "10.0.1.1", "10.0.1.2")
	w.Person(consoletest.Answer{To: firstUseOfOne, Keys: "y"}, consoletest.Answer{To: together, Keys: ""})
	w.Run(untold()...).Exits(5).Says("   ns1\n", "   10.0.1.1: ", "   10.0.1.2: ", "Nothing was sent there").Omits("   of1-0\n")
	unasked(t, hosts...)

	w.Person(consoletest.Answer{To: together, Keys: "y"})
	w.Run(untold()...).Exits(0).Says("The CA that you trust for 10.0.0.1 also signed the certificate of:\n  10.0.1.1\n  10.0.1.2\n  CA SHA-256:     "+fingerprintOf(w.CA),
		"Named by the Supervisor 10.0.0.1.", "   of1-0\n", "   of2-19\n").Omits(firstUse)
	if diff := cmp.Diff(pins(w.CA, "10.0.0.1:443", "10.0.1.1:443", "10.0.1.2:443"), w.Session().Trust); diff != "" {
		t.Error(diff)
	}
	w.Person() // Nothing is asked again.
	w.Run(untold()...).Exits(0).Says("   of2-19\n").Omits("too?")
}

// A job is asked nothing, and trusts no further host by itself. Who gives the CA, by its fingerprint or in a file, means it for all.
func TestFurtherHostsOfAJob(t *testing.T) {
	w, hosts := linked(t, "10.0.1.1")
	w.Person(consoletest.Answer{To: firstUseOfOne, Keys: "y"}, consoletest.Answer{To: "Trust it for 10.0.1.1 too?", Keys: "n"})
	w.Run(untold()...).Exits(5)
	w.Nobody()
	w.Run(untold()...).Exits(5).Says("   10.0.1.1: ", "--ca-fingerprint", "--certificate-authority")
	unasked(t, hosts...)
	w.Run(untold("--ca-fingerprint", fingerprintOf(w.CA))...).Exits(0).Says("   of1-0\n")
	if got := w.Session().Trust; got.Mode != trust.Pinned || got.CA != w.CA.PEM || len(got.Pins) > 0 {
		t.Errorf("%+v", got)
	}
	w.Run(untold()...).Exits(0).Says("   of1-0\n")
	w.Run(signIn(w)...).Exits(0).Says("   of1-0\n")
}

// A fingerprint is compared with what the server shows now, whatever was accepted for it before.
func TestFingerprintAfterAFirstUse(t *testing.T) {
	w, _ := linked(t, "10.0.1.1")
	w.Person(consoletest.Answer{To: firstUse, Keys: "y"}, consoletest.Answer{To: "too?", Keys: "y"})
	w.Run(untold()...).Exits(0)
	w.Nobody()
	w.Run(untold("--ca-fingerprint", strings.Repeat("0", 64))...).Exits(4).Says("does not show the certificate of --ca-fingerprint")
}

// Sessions of older versions hold one CA for all servers of the site. Nobody who has one is asked again.
func TestFirstUseOfAnOlderVersion(t *testing.T) {
	for _, of := range []func(*consoletest.CA) trust.Trust{
		func(ca *consoletest.CA) trust.Trust { return trust.Trust{Mode: trust.Pinned, CA: ca.PEM} },
		func(ca *consoletest.CA) trust.Trust { return pins(ca, "10.0.0.1:443", "10.0.1.1:443") },
	} {
		w, _ := linked(t, "10.0.1.1")
		known := of(w.CA)
		if _, err := w.Store().SaveSession(tokens.Session{Server: "10.0.0.1", User: consoletest.User, Method: "sso", Trust: known}); err != nil {
			t.Fatal(err)
		}
		w.Person()
		w.Run(untold()...).Exits(0).Says("   of1-0\n")
		if diff := cmp.Diff(known, w.Session().Trust); diff != "" {
			t.Error(diff)
		}
	}
}

// Hosts with other CAs are asked about one by one, and those that show a CA which was accepted for one of them are asked about together.
func TestFurtherHosts(t *testing.T) {
	w, hosts := linked(t, "10.0.1.1", "10.0.1.2", "10.0.1.3", "10.0.1.4")
	another, third := own(t, w, hosts[0]), own(t, w, hosts[2])
	w.Serve("10.0.1.4:443", another, hosts[3])
	w.Person(consoletest.Answer{To: firstUseOfOne, Keys: "y"},
		consoletest.Answer{To: "Trust it for 10.0.1.1 alone from now on?", Keys: "y"},
		consoletest.Answer{To: "Trust it for 10.0.1.2 too?", Keys: "y"},
		consoletest.Answer{To: "Trust it for 10.0.1.3 alone from now on?", Keys: "n"},
		consoletest.Answer{To: "Trust it for 10.0.1.4 too?", Keys: "y"})
	w.Run(untold()...).Exits(5).Says("The Supervisor 10.0.0.1 names this server.", "that you trust for 10.0.0.1 also signed the certificate of:\n  10.0.1.2\n",
		"that you trust for 10.0.1.1 also signed the certificate of:\n  10.0.1.4\n", "   of1-0\n", "   10.0.1.3: ", "   of4-0\n")
	unasked(t, hosts[2])
	if got := w.Session().Trust.Pins; got["10.0.1.1:443"] != another.PEM || got["10.0.1.4:443"] != another.PEM || got["10.0.1.3:443"] == third.PEM {
		t.Error("the other hosts are not pinned as they were answered about")
	}
	for _, further := range hosts {
		further.Forget()
	}
	w.Person() // A CA file decides about every server: nothing is asked.
	w.Run(signIn(w)...).Exits(5).Says("10.0.1.1: ", "   of2-0\n").Omits("trust on first use", "too?")
	unasked(t, hosts[0], hosts[2], hosts[3])
}

// A certificate names a host and no port: the API server beside a front that was accepted is not asked about if it shows the same CA.
func TestFirstUseOfAnAPIServer(t *testing.T) {
	w, hosts := linked(t, "10.0.1.1")
	hosts[0].Untold = true
	w.Person(consoletest.Answer{To: firstUseOfOne, Keys: "y"}, consoletest.Answer{To: "Trust it for 10.0.1.1 too?", Keys: "y"})
	w.Run(untold()...).Exits(0)
	if diff := cmp.Diff(pins(w.CA, "10.0.0.1:443", "10.0.1.1:443", "10.0.1.1:6443"), w.Session().Trust); diff != "" {
		t.Error(diff)
	}
	another := consoletest.NewCA(t, "another-ca")
	w.Serve("10.0.1.1:6443", another, hosts[0])
	w.Person() // Nothing is asked: it has changed.
	w.Run(untold()...).Exits(5).Says("10.0.1.1:6443 is not the one that was trusted so far")
	w.Person(consoletest.Answer{To: "Trust it for 10.0.1.1:6443 alone from now on?", Keys: "y"})
	w.Run(untold("--replace-ca")...).Exits(0)
	w.Serve("10.0.1.1:6443", w.CA, hosts[0])
	w.Person(consoletest.Answer{To: "Trust it for 10.0.1.1:6443 too?", Keys: "y"}) // Not silently either.
	w.Run(untold("--replace-ca")...).Exits(0).Says("  10.0.1.1:6443 (trusted so far: SHA-256 " + fingerprintOf(another) + ")\n")
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

// The same holds for another control plane host, whether the last login verified it by a CA of its own or by that of all servers.
func TestChangeOfAFurtherHost(t *testing.T) {
	for name, last := range map[string]func(*consoletest.CA) trust.Trust{
		"accepted for it":        func(ca *consoletest.CA) trust.Trust { return pins(ca, "10.0.0.1:443", "10.0.1.1:443") },
		"of all servers":         func(ca *consoletest.CA) trust.Trust { return trust.Trust{Mode: trust.Pinned, CA: ca.PEM} },
		"from a file, or a flag": func(ca *consoletest.CA) trust.Trust { return trust.Trust{Mode: trust.Bundle, CA: ca.PEM} },
	} {
		t.Run(name, func(t *testing.T) {
			w, hosts := linked(t, "10.0.1.1")
			known := tokens.Session{Server: "10.0.0.1", User: consoletest.User, Method: "sso", Trust: last(w.CA), Hosts: []string{"10.0.0.1", "10.0.1.1"}}
			if _, err := w.Store().SaveSession(known); err != nil {
				t.Fatal(err)
			}
			own(t, w, hosts[0])
			w.Person() // Nothing is asked.
			w.Run(untold()...).Exits(5).Says("10.0.1.1 is not the one that was trusted so far: it was SHA-256 "+fingerprintOf(w.CA), "--replace-ca").
				Omits("trust on first use")
			unasked(t, hosts...)
		})
	}
}
