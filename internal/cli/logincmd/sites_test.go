package logincmd_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// known is what the store knows of the Supervisor.
func known(t *testing.T, w *consoletest.World) tokens.Site {
	t.Helper()
	s, _, err := w.Store().Site("10.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What ends a session, or keeps one from beginning, does not end the trust: nobody is asked again.
func TestTrustOutlivesSessions(t *testing.T) {
	yes := consoletest.Answer{To: firstUseOfOne, Keys: "y"}
	for name, first := range map[string]func(*consoletest.World, *consoletest.Supervisor){
		"a logout": func(w *consoletest.World, _ *consoletest.Supervisor) {
			given(w)
			w.Person(yes)
			w.Run(untold()...).Exits(0)
			w.Run("logout").Exits(0)
		},
		"a logout of this Supervisor": func(w *consoletest.World, _ *consoletest.Supervisor) {
			given(w)
			w.Person(yes)
			w.Run(untold()...).Exits(0)
			w.Run("logout", "--server", "10.0.0.1", "-u", consoletest.User).Exits(0)
		},
		"a mistyped password": func(w *consoletest.World, _ *consoletest.Supervisor) {
			w.Person(yes, consoletest.Answer{To: "Password: ", Keys: "wrong-word-9"})
			w.Run(untold()...).Exits(3)
		},
		"no password": func(w *consoletest.World, _ *consoletest.Supervisor) {
			w.Person(yes, consoletest.Answer{To: "Password: ", Keys: consoletest.Interrupt})
			w.Run(untold()...).Exits(130)
		},
		"a Supervisor that is down": func(w *consoletest.World, s *consoletest.Supervisor) {
			given(w)
			s.Next("GET /wcp/loginbanner", consoletest.Status(502, ""))
			w.Person(yes)
			w.Run(untold()...).Exits(4)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := site(t)
			first(w, s)
			if diff := cmp.Diff(pins(w.CA, "10.0.0.1:443"), known(t, w).Trust); diff != "" {
				t.Error(diff)
			}
			if all, _ := w.Store().Sessions(); len(all) > 0 {
				t.Fatal("there is a session")
			}
			given(w)
			w.Person() // Nothing is asked.
			w.Run(untold()...).Exits(0).Omits("trust on first use")
			w.Run("logout").Exits(0)

			another := consoletest.NewCA(t, "another-ca")
			w.Serve("10.0.0.1:443", another, s)
			s.Forget()
			w.Run(untold()...).Exits(4).Says("is not the one that was trusted so far", fingerprintOf(w.CA), fingerprintOf(another), "--replace-ca").Omits("trust on first use")
			unasked(t, s)
			w.Person(consoletest.Answer{To: firstUse, Keys: "y"})
			w.Run(untold("--replace-ca")...).Exits(0).Says("trusted so far: SHA-256 " + fingerprintOf(w.CA))
		})
	}
}

// Where no Supervisor is, nothing is remembered.
func TestNoTrustWhereNoSupervisorIs(t *testing.T) {
	w, s := site(t)
	given(w)
	s.Replies["GET /wcp/loginbanner"] = consoletest.Status(404, "")
	w.Person(consoletest.Answer{To: firstUseOfOne, Keys: "y"})
	w.Run(untold()...).Exits(4).Says("Check --server")
	if got := known(t, w); got.Known() {
		t.Errorf("%+v", got)
	}
}

// A dry run writes nothing: what a person agrees to in it counts for it alone.
func TestDryRunKeepsNoTrust(t *testing.T) {
	w, _ := linked(t, "10.0.1.1")
	w.Person(consoletest.Answer{To: firstUseOfOne, Keys: "y"}, consoletest.Answer{To: "too?", Keys: "y"})
	w.Run(untold("--dry-run")...).Exits(0)
	if entries, _ := os.ReadDir(w.Store().Dir()); len(entries) > 0 {
		for _, e := range entries {
			if e.Name() != "accounts" { // Locks, and the guard of the password.
				t.Errorf("it left %s", e.Name())
			}
		}
	}
	w.Person(consoletest.Answer{To: firstUseOfOne, Keys: "y"}, consoletest.Answer{To: "too?", Keys: "y"})
	w.Run(untold()...).Exits(0)
}

// --insecure-skip-tls-verify is for one login: no other one begins with it, and what is known stays.
func TestInsecureIsNoTrust(t *testing.T) {
	w, s := site(t)
	given(w)
	w.Run(untold("--insecure-skip-tls-verify", "--control-plane-address", "10.0.9.9=10.0.9.8", "--api-port", "7443")...).Exits(0)
	if _, found, _ := w.Store().Site("10.0.0.1"); found {
		t.Error("a site is remembered")
	}
	w.Run(untold()...).Exits(4)
	w.Run("logout").Exits(0)
	w.Run(untold()...).Exits(4)
	w.Person(consoletest.Answer{To: firstUse, Keys: "y"})
	w.Run(untold()...).Exits(0)
	before := known(t, w)
	w.Serve("10.0.0.1:443", consoletest.NewCA(t, "another-ca"), s)
	w.Run(untold("--insecure-skip-tls-verify")...).Exits(0)
	if diff := cmp.Diff(before, known(t, w)); diff != "" {
		t.Error(diff)
	}
	w.Run("logout").Exits(0)
	w.Person()
	w.Run(untold()...).Exits(4).Says("is not the one that was trusted so far")
	w.Serve("10.0.0.1:443", w.CA, s)
	w.Run(untold("--insecure-skip-tls-verify", "--control-plane-address", "10.0.9.9=10.0.9.8")...).Exits(0)
	w.Run(untold()...).Exits(0)
	if diff := cmp.Diff(before, known(t, w)); diff != "" {
		t.Errorf("what nobody verified is kept by the next login: %s", diff)
	}
}

// What verified other control plane hosts is known after a logout too, whether each has a CA of its own or all have one.
func TestFurtherHostsAfterALogout(t *testing.T) {
	for name, first := range map[string]func(*consoletest.World){
		"accepted": func(w *consoletest.World) {
			w.Person(consoletest.Answer{To: firstUseOfOne, Keys: "y"}, consoletest.Answer{To: "Trust it for 10.0.1.1 too?", Keys: "y"})
			w.Run(untold()...).Exits(0)
		},
		"by a fingerprint": func(w *consoletest.World) { w.Run(untold("--ca-fingerprint", fingerprintOf(w.CA))...).Exits(0) },
		"by a file":        func(w *consoletest.World) { w.Run(signIn(w)...).Exits(0) },
	} {
		t.Run(name, func(t *testing.T) {
			w, hosts := linked(t, "10.0.1.1")
			first(w)
			w.Run("logout").Exits(0)
			w.Person()
			w.Run(untold()...).Exits(0).Says("   of1-0\n")
			w.Run("logout").Exits(0)
			own(t, w, hosts[0])
			hosts[0].Forget()
			w.Run(untold()...).Exits(5).Says("10.0.1.1 is not the one that was trusted so far", "--replace-ca")
			unasked(t, hosts...)
		})
	}
}

// An answer about another host counts although the login fails afterwards.
func TestFurtherHostOfALoginThatFails(t *testing.T) {
	w, hosts := linked(t, "10.0.1.1")
	hosts[0].Replies["POST /wcp/login"] = consoletest.Status(502, "")
	w.Person(consoletest.Answer{To: firstUseOfOne, Keys: "y"}, consoletest.Answer{To: "Trust it for 10.0.1.1 too?", Keys: "y"})
	w.Run(untold()...).Exits(5)
	w.Run("logout").Exits(0)
	if diff := cmp.Diff(pins(w.CA, "10.0.0.1:443", "10.0.1.1:443"), known(t, w).Trust); diff != "" {
		t.Error(diff)
	}
}

// The Supervisor alone has a new CA: the CA that verified all is still what another host is compared with.
func TestReplacedCAOfTheSupervisorAlone(t *testing.T) {
	w, hosts := linked(t, "10.0.1.1")
	w.Run(untold("--ca-fingerprint", fingerprintOf(w.CA))...).Exits(0)
	fresh := consoletest.NewCA(t, "fresh")
	s := w.Supervisor("10.0.0.1")
	s.Namespaces = []*consoletest.Namespace{{Name: "of1-0", Host: "10.0.1.1"}}
	s.CA = fresh
	w.Serve("10.0.0.1:443", fresh, s)
	w.Serve("10.0.0.1:6443", fresh, s)
	delete(w.Vars, failure.PasswordVariable)
	w.Person(consoletest.Answer{To: firstUseOfOne, Keys: "y"}, consoletest.Answer{To: "Password: ", Keys: consoletest.Interrupt})
	w.Run(untold("--replace-ca")...).Exits(130)
	given(w)
	w.Person()
	w.Run(untold()...).Exits(0).Says("   of1-0\n") // It shows the CA that verified it before.
	w.Serve("10.0.1.1:443", fresh, hosts[0])
	w.Run(untold()...).Exits(5).Says("10.0.1.1 is not the one that was trusted so far: it was SHA-256 " + fingerprintOf(w.CA))
}

// Two people at one Supervisor share what is known of it. A login with a CA of its own changes neither the session of the other, nor what
// was accepted for other servers.
func TestTrustOfTwoUsers(t *testing.T) {
	const eve = "eve@vsphere.local"
	w, hosts := linked(t, "10.0.1.1")
	third := own(t, w, hosts[0])
	w.Person(consoletest.Answer{To: firstUseOfOne, Keys: "y"}, consoletest.Answer{To: "Trust it for 10.0.1.1 alone", Keys: "y"})
	w.Run(untold()...).Exits(0)
	mine := w.Session().Trust

	s := w.Supervisor("10.0.0.1") // Somebody else, who has a CA file.
	s.Users = map[string]string{eve: consoletest.Password, consoletest.User: consoletest.Password}
	s.Namespaces = []*consoletest.Namespace{{Name: "of1-0", Host: "10.0.1.1"}}
	hosts[0].Users = s.Users
	w.Person()
	w.Run("login", "--server", "10.0.0.1", "-u", eve, "--certificate-authority", w.CAFile).Exits(5) // The file knows no other CA.
	if got, _ := w.Store().Session("10.0.0.1", consoletest.User); !cmp.Equal(mine, got.Trust) {
		t.Errorf("the other session's trust is %+v", got.Trust)
	}
	if got, _ := w.Store().Session("10.0.0.1", eve); !cmp.Equal(trust.Trust{Mode: trust.Bundle, CA: w.CA.PEM}, got.Trust) {
		t.Errorf("its trust is %+v", got.Trust)
	}
	if diff := cmp.Diff(trust.Trust{Mode: trust.Bundle, CA: w.CA.PEM}.WithPin("10.0.1.1:443", third.PEM), known(t, w).Trust); diff != "" {
		t.Error(diff)
	}
	w.Run(untold()...).Exits(0).Says("   of1-0\n")
	// A file that verifies the other host too goes before what was accepted for it.
	both := w.WriteFile("both.pem", w.CA.PEM+third.PEM, 0o644)
	w.Run(untold("--certificate-authority", both)...).Exits(0)
	if diff := cmp.Diff(trust.Trust{Mode: trust.Bundle, CA: w.CA.PEM + third.PEM}, known(t, w).Trust, cmp.Transformer("pins", func(m map[string]string) int { return len(m) })); diff != "" {
		t.Error(diff)
	}
}

// Two addresses of one Supervisor are two sites: nothing that is verified says that they are one.
func TestTrustIsForTheAddressThatIsTyped(t *testing.T) {
	w, s := site(t)
	given(w)
	w.ServeAt("sup.example.com:443", "sup.example.com,10.0.0.1", w.CA, s)
	w.Person(consoletest.Answer{To: firstUseOfOne, Keys: "y"})
	w.Run(untold()...).Exits(0)
	s.Forget()
	w.Nobody()
	w.Run("login", "--server", "sup.example.com", "-u", consoletest.User).Exits(4)
	unasked(t, s)
}

// logout --forget-server forgets how servers are verified, and nothing less does.
func TestForgetServer(t *testing.T) {
	for line, want := range map[string][]string{
		"logout":                   {"10.0.0.1", "10.0.0.2"},
		"logout --server 10.0.0.1": {"10.0.0.1", "10.0.0.2"},
		"logout --server 10.0.0.1 --forget-server":          {"10.0.0.2"},
		"logout --server https://10.0.0.1/ --forget-server": {"10.0.0.2"},
		"logout --forget-server":                            nil,
		"logout --all --forget-server":                      nil,
	} {
		w, _ := site(t)
		w.Supervisor("10.0.0.2")
		given(w)
		w.Run(signIn(w)...).Exits(0)
		w.Run("login", "--server", "10.0.0.2", "-u", consoletest.User, "--certificate-authority", w.CAFile).Exits(0)
		r := w.Run(strings.Fields(line)...).Exits(0)
		if diff := cmp.Diff(want, w.Store().SiteServers()); diff != "" {
			t.Errorf("%s: %s", line, diff)
		}
		if len(want) < 2 {
			r.Says("Forgot how 10.0.0.1 is verified.")
			w.Run(untold()...).Exits(4).Says("--ca-fingerprint").Omits("trusted so far")
		}
	}
	w, _ := site(t)
	w.Run("logout", "--forget-server", "-u", consoletest.User).Exits(2).Says("whoever logs in there")
	w.Run("logout", "--forget-server", "--server", "10.0.0.1").Exits(0).Says("There was nothing to forget about 10.0.0.1.")
}

// A site that cannot be read stops a login before anything is sent: it must not look like a first use.
func TestSiteThatCannotBeRead(t *testing.T) {
	w, s := site(t)
	given(w)
	w.Run(signIn(w)...).Exits(0)
	s.Forget()
	for _, text := range []string{"{", `{"version":7}`} {
		w.WriteFile("store/sites/10.0.0.1.json", text, 0o600)
		w.Person()
		w.Run(untold()...).Exits(1).Says("store/sites/10.0.0.1.json", "kubectl vsphere logout --server 10.0.0.1 --forget-server")
		unasked(t, s)
		w.Run("get-token", "--server", "10.0.0.1", "--user", consoletest.User).Exits(0) // It does not read it.
		w.Run("logout", "--server", "10.0.0.1", "-u", "nobody@vsphere.local").Exits(0)
	}
	w.Run("logout", "--server", "10.0.0.1", "--forget-server").Exits(0).Says("Forgot")
	w.Run(signIn(w)...).Exits(0)
}

// A store of the version before holds trust in its sessions alone. A logout leaves it where it now is, and a login too.
func TestTrustOfAnEarlierVersion(t *testing.T) {
	for name, tc := range map[string]struct {
		of   func(*consoletest.CA) trust.Trust
		says string
	}{
		"accepted":              {func(ca *consoletest.CA) trust.Trust { return pins(ca, "10.0.0.1:443") }, "it was SHA-256"},
		"from a file":           {func(ca *consoletest.CA) trust.Trust { return trust.Trust{Mode: trust.Bundle, CA: ca.PEM} }, "it was SHA-256"},
		"by the system's roots": {func(*consoletest.CA) trust.Trust { return trust.Trust{Mode: trust.System} }, "it was a CA of this system"},
		"said by no mode":       {func(*consoletest.CA) trust.Trust { return trust.Trust{} }, "it was a CA of this system"},
	} {
		for _, end := range []string{"logout", "logout --server 10.0.0.1", ""} {
			t.Run(name+", "+end, func(t *testing.T) {
				w, s := site(t)
				given(w)
				old := tokens.Session{Server: "10.0.0.1", User: consoletest.User, Method: "sso", Trust: tc.of(consoletest.NewCA(t, "old")), Hosts: []string{"10.0.0.1"}}
				if _, err := w.Store().SaveSession(old); err != nil {
					t.Fatal(err)
				}
				if end != "" {
					w.Run(strings.Fields(end)...).Exits(0)
				}
				s.Forget()
				w.Person() // Nothing is asked.
				w.Run(untold()...).Exits(4).Says("is not the one that was trusted so far: "+tc.says, "--replace-ca").Omits("trust on first use")
				unasked(t, s)
			})
		}
	}
}

// The issuer of a Supervisor is known after a logout: one that changed is asked about, and one that is gone too.
func TestIssuerAfterALogout(t *testing.T) {
	prepare := func(t *testing.T) (*consoletest.World, *consoletest.Supervisor, *consoletest.Issuer) {
		w, s := site(t)
		good := s.Federate("sso.example", consoletest.LDAP())
		given(w)
		w.Run(byPassword(w, "--trust-issuer", good.URL)...).Exits(0)
		w.Run("logout").Exits(0)
		return w, s, good
	}
	w, s, good := prepare(t)
	w.Run(byPassword(w)...).Exits(0) // Whom a person allowed once stays allowed.
	w.Run("logout").Exits(0)
	bad := s.Federate("", consoletest.LDAP())
	w.Run(byPassword(w)...).Exits(1).Says("it was "+good.URL+" and is "+bad.URL, "--trust-issuer "+bad.URL)
	if n := bad.Secrets(); n > 0 {
		t.Errorf("%d secrets were sent", n)
	}

	w, s, good = prepare(t)
	s.Identity = nil
	s.Forget()
	delete(w.Vars, failure.PasswordVariable)
	w.Run("login", "--server", "10.0.0.1").Exits(1).Says("used the identity provider at "+good.URL, "says that it has none now")
	answers := []consoletest.Answer{{To: "Username: ", Keys: consoletest.User}, {To: "Password: ", Keys: consoletest.Password}}
	w.Person(append([]consoletest.Answer{{To: "Log in with vCenter Single Sign-On? [y/N]", Keys: "y"}}, answers...)...)
	w.Run("login", "--server", "10.0.0.1").Exits(0)
	w.Run("logout").Exits(0)
	w.Person(answers...) // A person said so.
	w.Run("login", "--server", "10.0.0.1").Exits(0)
}
