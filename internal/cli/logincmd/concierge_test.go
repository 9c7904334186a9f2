package logincmd_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

const conciergeHost = "concierge.example:443"

// ownToken is the command line that gives the Supervisor's own credential.
func ownToken(more ...string) []string {
	return append([]string{"get-token", "--server", "10.0.0.1", "--user", consoletest.User}, more...)
}

// A Concierge on another host is verified by the CA that the Supervisor names for its API server, and the API server by its own. This
// holds for the login and for renewals, with and without what the login has stored.
func TestConciergeElsewhere(t *testing.T) {
	w, s := site(t)
	given(w)
	s.Federate("", consoletest.LDAP())
	s.CA = consoletest.NewCA(t, "api-ca") // The Supervisor tells it.
	w.Serve("10.0.0.1:6443", s.CA, s)
	c := s.Concierge(conciergeHost, s.CA)
	w.Run(byPassword(w)...).Exits(0).Says("   ns1\n", "   tkc1\n")
	w.Run(ownToken("--force-refresh")...).Exits(0).Says("clientCertificateData")
	if err := w.Store().DeleteCredential(tokens.Key{Server: "10.0.0.1", User: consoletest.User}); err != nil {
		t.Fatal(err)
	}
	w.Run(ownToken()...).Exits(0).Says("clientCertificateData")
	if n, own := c.Count(), s.Count("POST /apis/login.concierge.pinniped.dev/v1alpha1/tokencredentialrequests"); n != 3 || own != 0 {
		t.Errorf("%d requests, and %d at the API server", n, own)
	}
	wantServer(t, w, "ns1", "https://10.0.0.1:6443", w.CA.PEM+s.CA.PEM) // kubectl asks the API server itself.
}

// Other spellings of the API server and of the front are no other host: each is verified as it is.
func TestConciergeOfTheSupervisorItself(t *testing.T) {
	for _, endpoint := range []string{"https://10.0.0.1:6443/", "https://10.0.0.1", "https://10.0.0.1:443"} {
		w, s := site(t)
		given(w)
		s.Federate("", consoletest.LDAP())
		s.CA = consoletest.NewCA(t, "api-ca")
		w.Serve("10.0.0.1:6443", s.CA, s)
		s.Identity["concierge_endpoint"] = endpoint
		w.Person(consoletest.Answer{To: firstUseOfOne, Keys: "y"}) // Of the front: its CA verifies no API server.
		w.Run(untold("--auth-method", "oidc")...).Exits(0).Says("   tkc1\n")
		w.Nobody()
		w.Run(ownToken("--force-refresh")...).Exits(0).Says("clientCertificateData")
	}
}

// A CA that a person accepted for the front verifies no Concierge elsewhere: they are asked, once, and nothing is sent before.
func TestFirstUseOfAConcierge(t *testing.T) {
	other := consoletest.NewCA(t, "other-ca")
	for name, tc := range map[string]struct {
		ca       *consoletest.CA
		question string
	}{"the same CA": {nil, "Trust it for concierge.example too?"}, "another CA": {other, "Trust it for concierge.example alone"}} {
		t.Run(name, func(t *testing.T) {
			w, s := site(t)
			given(w)
			s.Federate("", consoletest.LDAP())
			s.Untold = true
			ca := tc.ca
			if ca == nil {
				ca = w.CA
			}
			c := s.Concierge(conciergeHost, ca)
			login := untold("--auth-method", "oidc")
			w.Person(consoletest.Answer{To: firstUseOfOne, Keys: "y"}, consoletest.Answer{To: tc.question, Keys: ""})
			w.Run(login...).Exits(4)
			w.Nobody()
			w.Run(login...).Exits(4).Says("concierge.example", "--ca-fingerprint")
			if n := c.Count(); n != 0 {
				t.Fatalf("it got %d requests", n)
			}
			w.Person(consoletest.Answer{To: tc.question, Keys: "y"})
			w.Run(login...).Exits(0).Says("   tkc1\n")
			w.Nobody()
			w.Run(login...).Exits(0)
			w.Run(ownToken("--force-refresh")...).Exits(0).Says("clientCertificateData")
			if n := c.Count(); n != 3 {
				t.Errorf("it got %d requests", n)
			}
			if got := w.Session().Trust.Pins; got["concierge.example:443"] != ca.PEM || len(got) != 2 {
				t.Errorf("trusted are %q", got)
			}
		})
	}
}

// Without a person, a Concierge that nothing verifies gets nothing, and the message names it and what to do.
func TestConciergeThatIsNotTrusted(t *testing.T) {
	w, s := site(t)
	given(w)
	s.Federate("", consoletest.LDAP())
	other := consoletest.NewCA(t, "other-ca")
	c := s.Concierge(conciergeHost, other)
	w.Run(byPassword(w)...).Exits(4).Says("is logged in", "the Concierge that the Supervisor names, https://concierge.example:443: ", "its CA is unknown here",
		"Nothing was sent to it.", "concierge_endpoint", "--certificate-authority FILE")
	if n := c.Count(); n != 0 {
		t.Errorf("it got %d requests", n)
	}
	both := w.WriteFile("both.pem", w.CA.PEM+other.PEM, 0o644)
	w.Run(byPassword(w, "--certificate-authority", both)...).Exits(0)
	w.Serve(conciergeHost, consoletest.NewCA(t, "third-ca"), c) // Somebody is in between.
	sent := c.Count()
	w.Run(ownToken("--force-refresh")...).Exits(4).Says("the Concierge that the Supervisor names", "Nothing was sent to it.")
	if c.Count() != sent {
		t.Error("it got a request")
	}
}

// What an unverified Supervisor says of a Concierge sends it nothing without a person.
func TestConciergeOfAnInsecureSession(t *testing.T) {
	w, s := site(t)
	given(w)
	s.Federate("", consoletest.LDAP())
	c := s.Concierge(conciergeHost, consoletest.NewCA(t, "other-ca"))
	w.Run(untold("--auth-method", "oidc", "--insecure-skip-tls-verify")...).Exits(0)
	sent := c.Count()
	w.Run(ownToken("--force-refresh")...).Exits(1).Says("not verified")
	if sent != 1 || c.Count() != sent {
		t.Errorf("%d requests, then %d", sent, c.Count())
	}
}

// An odd CA of the issuer ends the login before anybody types a password. One of the API server counts as none.
func TestOddBundles(t *testing.T) {
	encode := base64.StdEncoding.EncodeToString
	for name, tc := range map[string]struct {
		bundle string
		code   int
		says   []string
	}{
		"none":                {"", 0, nil},
		"blank":               {encode([]byte("\n")), 4, []string{"issuer_ca_bundle_data", "no certificate"}},
		"not PEM":             {encode([]byte("hello")), 4, []string{"issuer_ca_bundle_data", "no certificate"}},
		"not base64":          {"-----BEGIN CERTIFICATE-----", 4, []string{"issuer_ca_bundle_data", "not base64"}},
		"a broken one":        {encode([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")), 4, []string{"issuer_ca_bundle_data", "cannot be read"}},
		"another's leaf only": {encode([]byte(consoletest.NewCA(t, "other").Leaf("10.0.0.1"))), 4, []string{"not from the CA that the Supervisor names for it", "Nothing was sent to it."}},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := site(t)
			given(w)
			i := s.Federate("", consoletest.LDAP())
			s.Identity["issuer_ca_bundle_data"] = tc.bundle
			w.Run(byPassword(w)...).Exits(tc.code).Says(tc.says...)
			if tc.code != 0 && i.Secrets() > 0 {
				t.Error("the issuer got a secret")
			}
		})
		t.Run("of the API server, "+name, func(t *testing.T) {
			w, s := site(t)
			given(w)
			s.Federate("", consoletest.LDAP())
			s.Concierge(conciergeHost, w.CA)
			kubeconfig := `{\"clusters\":[{\"cluster\":{\"certificate-authority-data\":\"` + tc.bundle + `\"}}]}`
			s.Replies["GET /api/v1/namespaces/kube-public/configmaps/vip-cluster-info"] = consoletest.Reply(`{"data":{"kubeconfig":"` + kubeconfig + `"}}`)
			w.Run(byPassword(w)...).Exits(0) // The file verifies both.
			if ca := w.Session().Trust.CA; strings.TrimSpace(ca) != strings.TrimSpace(w.CA.PEM) {
				t.Errorf("the trust is now\n%s", ca)
			}
		})
	}
}
