package federated_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/leak"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

func TestMain(m *testing.M) { leak.Main(m) }

// scene is a site whose Supervisor has an identity provider, and a session by a password of it that is not at hand any more.
type scene struct {
	*consoletest.World
	s *consoletest.Supervisor
	i *consoletest.Issuer
	c *consoletest.Cluster // ns1/tkc1
}

func newScene(t *testing.T, more ...string) scene {
	t.Helper()
	w, s := clitest.Site(t)
	x := scene{w, s, s.Federate("", consoletest.LDAP()), s.Namespaces[0].Clusters[0]}
	clitest.SignedIn(t, w, s, append([]string{"--auth-method", "oidc"}, more...)...)
	return x
}

// getToken is what kubectl runs for the cluster ns1/tkc1.
func (x scene) getToken(more ...string) consoletest.Result {
	return x.Run(append([]string{"get-token", "--server", clitest.Server, "--user", consoletest.User, "--cluster", "ns1/tkc1"}, more...)...)
}

const (
	refresh      = "token refresh_token"
	exchange     = "token token-exchange"
	certificate  = "clientCertificateData"
	request      = "POST /apis/login.concierge.pinniped.dev/v1alpha1/tokencredentialrequests"
	aNewOne      = "kubectl vsphere login --server 10.0.0.1 --auth-method oidc"
	afterRefresh = 10 * time.Minute // access tokens and certificates have ended, and the session has not
)

// A credential is minted when it is used, refreshed when it has ended, and asked of nobody while it is good.
func TestRenew(t *testing.T) {
	x := newScene(t)
	x.getToken().Exits(0).Says(certificate)
	before := x.i.Count(exchange)
	x.getToken().Exits(0)
	if n := x.i.Count(exchange); n != before || x.i.Count(refresh) > 0 {
		t.Error("a good credential was renewed")
	}
	x.Advance(afterRefresh)
	x.getToken().Exits(0).Says(certificate)
	x.Run("get-token", "--server", clitest.Server, "--user", consoletest.User).Exits(0).Says(certificate)
	if n := x.i.Count(refresh); n != 1 {
		t.Errorf("%d refreshes for two credentials", n)
	}
	if left := x.Session().Ends.Sub(x.Now()); left < 9*time.Hour-time.Minute || left > 9*time.Hour { // It begins anew with each refresh.
		t.Errorf("after a refresh, it ends in %s", left)
	}
	x.getToken("--force-refresh").Exits(0)
	if n := x.i.Count(refresh); n != 2 {
		t.Errorf("%d refreshes with --force-refresh", n)
	}
}

// A refusal of the refresh token ends the session: its tokens are forgotten, and not sent again. Whoever asks later gets the same exit code.
func TestTheIssuerEndsTheSession(t *testing.T) {
	x := newScene(t)
	x.Advance(afterRefresh)
	x.i.EndSessions()
	x.getToken().Exits(failure.Failed).Says("does not renew it", "type: "+aNewOne)
	x.getToken().Exits(failure.Failed).Says("type: " + aNewOne)
	if n := x.i.Count(refresh); n != 1 {
		t.Errorf("%d refreshes with a void token", n)
	}
	if ends := x.Session().Ends; ends.After(x.Now()) {
		t.Errorf("it ends at %s", ends)
	}
}

// What the network or a provider behind the issuer does is no end of a session. kubectl runs the plugin five times: one asks, and so does one
// after a pause that grows.
func TestTheIssuerIsDown(t *testing.T) {
	upstream := consoletest.Refuse(http.StatusUnauthorized, "error")
	for name, tc := range map[string]struct {
		reply  http.HandlerFunc
		advice bool
	}{
		"its upstream":     {upstream, true},
		"a proxy says so":  {consoletest.Status(http.StatusBadGateway, ""), false},
		"it says so":       {consoletest.Refuse(http.StatusInternalServerError, "server_error"), false},
		"it has too much":  {consoletest.Refuse(http.StatusTooManyRequests, "slow_down"), false},
		"a portal answers": {consoletest.Status(http.StatusForbidden, "<html>"), false},
	} {
		t.Run(name, func(t *testing.T) {
			x := newScene(t)
			x.Advance(afterRefresh)
			x.i.Replies[refresh] = tc.reply
			fails := func(says ...string) {
				t.Helper()
				r := x.getToken().Exits(failure.Server).Says(says...).Says("The session stays")
				if tc.advice {
					r.Says("log in again: " + aNewOne)
				} else {
					r.Omits(aNewOne)
				}
			}
			fails("has not renewed the session of " + consoletest.User + " at 10.0.0.1: ")
			for range 4 {
				fails("since ")
			}
			if n := x.i.Count(refresh); tc.advice && n != 1 || n > 3 {
				t.Errorf("%d refreshes for five runs", n)
			}
			for range 100 { // Five minutes.
				x.Advance(3 * time.Second)
				fails("since ")
			}
			if tries := x.i.Count(refresh); tries < 6 || tries > 16 {
				t.Errorf("%d tries in five minutes", tries)
			}
			x.Run("status").Exits(0).Says("has not been renewed since ", "next try")
			delete(x.i.Replies, refresh)
			x.Advance(time.Minute)
			x.getToken().Exits(0)
			x.Run("status").Exits(0).Omits("is not renewed")
		})
	}
}

// A person who does not want to wait for the end of the pause can ask, and a new login ends it.
func TestOutageAndAPerson(t *testing.T) {
	x := newScene(t)
	x.Advance(afterRefresh)
	x.i.Replies[refresh] = consoletest.Refuse(http.StatusUnauthorized, "error")
	x.getToken().Exits(failure.Server)
	x.getToken("--force-refresh").Exits(failure.Server)
	if n := x.i.Count(refresh); n != 2 {
		t.Errorf("%d refreshes", n)
	}
	clitest.SignedIn(t, x.World, x.s, "--auth-method", "oidc")
	x.getToken().Exits(0)
	delete(x.i.Replies, refresh)
	x.Advance(afterRefresh)
	x.getToken().Exits(0)
}

// An issuer that asks to wait gets no request before, and is asked then. One that asks for days waits a minute.
func TestTheIssuerAsksToWait(t *testing.T) {
	for after, pause := range map[string]time.Duration{"40": 40 * time.Second, "604800": time.Minute} {
		x := newScene(t)
		x.Advance(afterRefresh)
		x.i.Replies[refresh] = consoletest.Busy(after)
		x.getToken().Exits(failure.Server).Says("The next try is at ", "(in "+console.Span(pause-time.Millisecond))
		for range 3 {
			x.Advance(pause/4 + time.Second)
			if n := x.i.Count(refresh); n != 1 {
				t.Fatalf("%s: %d refreshes", after, n)
			}
			x.getToken().Exits(failure.Server).Says("The session stays")
		}
		delete(x.i.Replies, refresh)
		x.Advance(pause / 4)
		x.getToken().Exits(0)
	}
}

// Only the exchange fails: the session stays, too, and the refresh token is not spent for it again and again.
func TestTheExchangeFails(t *testing.T) {
	x := newScene(t)
	x.Advance(afterRefresh)
	for _, reply := range []http.HandlerFunc{consoletest.Refuse(500, "server_error"), consoletest.Refuse(401, "request_unauthorized")} {
		x.i.Replies[exchange] = reply
		before, refreshed := x.i.Count(exchange), x.i.Count(refresh)
		for range 5 {
			x.getToken().Exits(failure.Server).Says("The session stays")
		}
		if n := x.i.Count(exchange) - before; n > 4 || x.i.Count(refresh)-refreshed > 2 {
			t.Errorf("%d exchanges, %d refreshes for five runs", n, x.i.Count(refresh)-refreshed)
		}
		delete(x.i.Replies, exchange)
		x.Advance(afterRefresh)
		x.getToken().Exits(0)
		x.Advance(afterRefresh)
	}
}

// A cluster without a Concierge takes the token itself.
func TestNoConcierge(t *testing.T) {
	x := newScene(t)
	x.c.Concierge = nil
	x.getToken().Exits(0).Says(`"token"`).Omits(certificate)
}

// A Concierge that asks to wait is not asked before, and neither is the issuer for its token. Other clusters are, and a login is not kept back.
func TestAConciergeThatAsksToWait(t *testing.T) {
	x := newScene(t)
	x.Advance(afterRefresh)
	concierge := x.c.Concierge
	x.c.Concierge = consoletest.Busy("40")
	x.getToken().Exits(failure.Server).Says("503")
	exchanges := x.i.Count(exchange)
	x.c.Concierge = concierge
	x.Advance(39 * time.Second)
	x.getToken().Exits(failure.Server).Says("503", "The server asks to wait. The next try is at")
	if n := x.i.Count(exchange); n != exchanges {
		t.Errorf("the issuer was asked %d times more", n-exchanges)
	}
	x.Run("get-token", "--server", clitest.Server, "--user", consoletest.User).Exits(failure.OK)
	x.getToken("--force-refresh").Exits(failure.OK).Says(certificate)
	x.Advance(afterRefresh)
	x.c.Concierge = consoletest.Busy("40")
	x.getToken().Exits(failure.Server)
	x.Advance(40 * time.Second)
	x.c.Concierge = concierge
	x.getToken().Exits(failure.OK).Says(certificate)
}

// A cluster of the same name that is another one is found anew where only its identity changed; one that is elsewhere, or has another
// CA, is of no use to an older kubeconfig.
func TestAnotherClusterOfThatName(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(t *testing.T, x scene)
		code   int
		says   []string
	}{
		"made anew at the same address": {func(_ *testing.T, x scene) { x.c.UID = "uid-2"; x.c.Trust(x.i) }, 0, []string{certificate}},
		"moved": {func(_ *testing.T, x scene) {
			x.Down(x.c.Host + ":6443")
			x.c.Host = "10.0.0.31"
			x.Serve("10.0.0.31:6443", x.c.CA, x.c)
		}, 1, []string{"is not the cluster of the last login", "10.0.0.31", aNewOne}},
		"another CA": {func(t *testing.T, x scene) {
			x.c.CA = consoletest.NewCA(t, "another-ca")
			x.Serve(x.c.Host+":6443", x.c.CA, x.c)
		}, 1, []string{"its address or CA is not the one in your kubeconfig", aNewOne}},
		"somebody in between": {func(t *testing.T, x scene) {
			x.Serve(x.c.Host+":6443", consoletest.NewCA(t, "another-ca"), x.c)
		}, 4, []string{"somebody may be in between"}},
		"gone": {func(_ *testing.T, x scene) { x.Down(x.c.Host + ":6443"); x.s.Namespaces[0].Clusters = nil }, 1, []string{"ns1/tkc1", "--prune"}},
		"down": {func(_ *testing.T, x scene) { x.Down(x.c.Host + ":6443") }, 4, []string{"connection refused"}},
		"its Concierge refuses": {func(_ *testing.T, x scene) {
			x.c.Concierge = consoletest.Reply(`{"status":{"message":"authentication failed"}}`)
		}, 1, []string{"ns1/tkc1", "trusts the Supervisor's issuer"}},
		"and nobody can tell": {func(t *testing.T, x scene) {
			x.Serve(x.c.Host+":6443", consoletest.NewCA(t, "another-ca"), x.c)
			x.s.Replies["GET /apis/cluster.x-k8s.io/v1beta1/namespaces/ns1/clusters/tkc1"] = consoletest.Status(503, "")
		}, 4, []string{"could not be asked whether", aNewOne}},
	} {
		x := newScene(t)
		x.getToken().Exits(0)
		x.Advance(afterRefresh)
		tc.change(t, x)
		t.Run(name, func(*testing.T) { x.getToken().Exits(tc.code).Says(tc.says...) })
	}
}

// What the store has lost of a cluster is asked of the Supervisor again.
func TestLostTarget(t *testing.T) {
	x := newScene(t)
	all, _ := x.Store().Credentials()
	for _, c := range all {
		if err := x.Store().DeleteCredential(c.Key); err != nil {
			t.Fatal(err)
		}
	}
	x.getToken().Exits(0).Says(certificate)
	x.Run("get-token", "--server", clitest.Server, "--user", consoletest.User, "--cluster", "ns1/none").Exits(1).Says("ns1/none", "--prune")
}

// A session that went by a password is brought back by one that is at hand, or that somebody types.
func TestResumeByAPassword(t *testing.T) {
	x := newScene(t)
	x.Advance(afterRefresh)
	x.i.EndSessions()
	x.Person(consoletest.Answer{To: "Password of " + consoletest.User, Keys: consoletest.Password})
	x.getToken().Exits(0).Says(certificate)
	x.Nobody()
	x.Vars[failure.PasswordVariable] = consoletest.Password
	x.Advance(afterRefresh)
	x.i.EndSessions()
	x.getToken().Exits(0).Says(certificate).Omits(consoletest.Password)
	x.Vars[failure.PasswordVariable] = "wrong-word-9"
	x.Advance(afterRefresh)
	x.i.EndSessions()
	x.getToken().Exits(3).Says("logging in did not succeed", "was refused", "type: "+aNewOne).Omits("wrong-word-9")
	before := x.i.Count("authorize")
	x.getToken().Says("type: " + aNewOne)
	if n := x.i.Count("authorize"); n != before {
		t.Error("a refused password was sent again")
	}
}

// After a password that was refused at kubectl's prompt nobody is asked for a minute. That is said, with what asks at once.
func TestRefusedAtThePrompt(t *testing.T) {
	x := newScene(t)
	x.Advance(afterRefresh)
	x.i.EndSessions()
	x.Person(consoletest.Answer{To: "Password of " + consoletest.User, Keys: "wrong-word-9"})
	x.getToken().Exits(3).Says("nobody is asked for a minute. To try now, type: " + aNewOne).Omits("wrong-word-9")
	x.Person() // Nobody is asked.
	x.getToken().Says("type: " + aNewOne).Omits("for a minute")
	x.Nobody()
}

const paste = "paste the code"

// One that went by a browser is brought back by a person, and by nobody else.
func TestResumeByABrowser(t *testing.T) {
	w, s := clitest.Site(t)
	i := s.Federate("", consoletest.Okta())
	i.Users["ops@vsphere.local"] = "x"
	x := scene{w, s, i, s.Namespaces[0].Clusters[0]}
	w.Person(consoletest.Answer{To: paste, Reply: i.Paste(consoletest.User)})
	w.Run("login", "--server", clitest.Server, "--certificate-authority", w.CAFile, "--no-browser").Exits(0)
	end := func() { x.Advance(afterRefresh); i.EndSessions() }

	end()
	w.Nobody()
	x.getToken().Exits(failure.Failed).Says("type: " + aNewOne)
	w.Person(consoletest.Answer{To: paste, Reply: i.Paste("ops@vsphere.local")})
	x.getToken().Exits(1).Says("somebody else than before (ops@vsphere.local)", "type: "+aNewOne)
	// The same kubectl does not ask again at once: the test's parent is that.
	w.Person()
	x.getToken().Exits(1).Says("did not succeed a moment ago")
	if err := w.Store().EndQuiet(w.Session().Account); err != nil {
		t.Fatal(err)
	}
	w.Person(consoletest.Answer{To: paste, Reply: i.Browser(consoletest.User)})
	x.getToken().Exits(0).Says("has ended", certificate)
}

// The login of a person at kubectl's prompt exchanges once for what kubectl wants.
func TestResumeExchangesOnce(t *testing.T) {
	w, s := clitest.Site(t)
	i := s.Federate("", consoletest.Okta())
	w.Person(consoletest.Answer{To: paste, Reply: i.Paste(consoletest.User)})
	w.Run("login", "--server", clitest.Server, "--certificate-authority", w.CAFile, "--no-browser").Exits(0)
	if n := i.Count(exchange); n != 1 {
		t.Errorf("%d exchanges at the login", n)
	}
	w.Advance(afterRefresh)
	i.EndSessions()
	before := i.Count(exchange)
	w.Person(consoletest.Answer{To: paste, Reply: i.Paste(consoletest.User)})
	w.Run("get-token", "--server", clitest.Server, "--user", consoletest.User).Exits(0).Says(certificate)
	if n := i.Count(exchange) - before; n != 1 {
		t.Errorf("%d exchanges", n)
	}
}

// Whoever else logs in at a session's prompt is not left with a refresh token that nobody knows of.
func TestResumeBySomebodyElseIsRevoked(t *testing.T) {
	w, s := clitest.Site(t)
	i := s.Federate("", consoletest.Okta())
	i.Revokes = true
	i.Users["ops@vsphere.local"] = "x"
	login := []string{"login", "--server", clitest.Server, "--certificate-authority", w.CAFile, "--no-browser"}
	w.Person(consoletest.Answer{To: paste, Reply: i.Paste(consoletest.User)})
	w.Run(login...).Exits(0)
	get := []string{"get-token", "--server", clitest.Server, "--user", consoletest.User}
	end := func() {
		w.Advance(afterRefresh)
		i.EndSessions()
		if err := w.Store().EndQuiet(w.Session().Account); err != nil {
			t.Fatal(err)
		}
	}
	end()
	w.Person(consoletest.Answer{To: paste, Reply: i.Paste("ops@vsphere.local")})
	w.Run(get...).Exits(1).Says("somebody else than before (ops@vsphere.local)")
	if n := i.LiveTokens(); n != 0 || i.Count("revoke") != 1 {
		t.Errorf("%d refresh tokens are left after %d revocations", n, i.Count("revoke"))
	}
	// Some issuers end all sessions of a person with one token: it stays if that person has a session here.
	end()
	w.Person(consoletest.Answer{To: paste, Reply: i.Paste(consoletest.User)})
	w.Run(get...).Exits(0)
	if n := i.LiveTokens(); n != 1 || i.Count("revoke") != 1 {
		t.Errorf("%d refresh tokens after a good login, %d revocations", n, i.Count("revoke"))
	}
}

// of calls do with the session's method.
func (x scene) of(t *testing.T, do func(ctx context.Context, m session.Method, s tokens.Session)) {
	t.Helper()
	x.Do(func(ctx context.Context, e *console.Env) {
		s := x.Session()
		m, err := method.Sessions(e, x.Store()).Method(s)
		if err != nil {
			t.Fatal(err)
		}
		do(ctx, m, s)
	})
}

func TestRevoke(t *testing.T) {
	x := newScene(t)
	x.of(t, func(ctx context.Context, m session.Method, s tokens.Session) {
		if err := m.Revoke(ctx, s); !errors.Is(err, oidc.ErrNoRevocation) || x.i.LiveTokens() != 1 {
			t.Errorf("%v, %d tokens", err, x.i.LiveTokens())
		}
	})
	w, s := clitest.Site(t)
	x = scene{World: w, s: s, i: s.Federate("", consoletest.LDAP())}
	x.i.Revokes = true
	clitest.SignedIn(t, w, s, "--auth-method", "oidc")
	if n := x.i.Count("revoke"); n > 0 || x.i.LiveTokens() != 1 {
		t.Errorf("a login revoked %d tokens that it keeps", n)
	}
	x.of(t, func(ctx context.Context, m session.Method, s tokens.Session) {
		if err := m.Revoke(ctx, s); err != nil || x.i.LiveTokens() != 0 {
			t.Errorf("%v, %d tokens", err, x.i.LiveTokens())
		}
	})
}

// A dry run leaves no token behind, unless a session of the same person is kept: some issuers end all with one.
func TestRevokeUnlessKept(t *testing.T) {
	w, s := clitest.Site(t)
	i := s.Federate("", consoletest.LDAP())
	i.Revokes = true
	w.Vars[failure.PasswordVariable] = consoletest.Password
	dry := clitest.SignIn(w, "--auth-method", "oidc", "--dry-run")
	w.Run(dry...).Exits(0)
	if n := i.LiveTokens(); n != 0 {
		t.Errorf("a dry run leaves %d tokens", n)
	}
	w.Run(clitest.SignIn(w, "--auth-method", "oidc")...).Exits(0)
	w.Run(dry...).Exits(0)
	if n := i.LiveTokens(); n != 2 {
		t.Errorf("%d tokens are good, not that of the session and the new one", n)
	}
}

func TestFactsAndTokens(t *testing.T) {
	x := newScene(t)
	x.of(t, func(ctx context.Context, m session.Method, s tokens.Session) {
		facts, err := m.Facts(s)
		var claims struct{ Username string }
		if err != nil || !facts.Renews || json.Unmarshal(facts.Claims, &claims) != nil || claims.Username != consoletest.User {
			t.Errorf("%s %v", facts.Claims, err)
		}
		token, err := m.(session.Exchanger).TokenFor(ctx, s, "registry")
		if err != nil || strings.Count(token.Reveal(), ".") != 2 {
			t.Errorf("%v", err)
		}
		if m.Command(s) != aNewOne {
			t.Error(m.Command(s))
		}
		s.Renewal = []byte("{")
		if _, err := m.Facts(s); err == nil {
			t.Error("facts of what cannot be read")
		}
		if err := m.Resume(ctx, session.Renewal{Session: s}); !errors.Is(err, session.ErrNobody) {
			t.Errorf("%v", err)
		}
		if _, err := m.Renew(ctx, session.Renewal{Session: s}); err == nil || !strings.Contains(err.Error(), "cannot be read") {
			t.Errorf("%v", err)
		}
	})
}

// A session that another login replaced while this one waited is not used.
func TestReplacedMeanwhile(t *testing.T) {
	x := newScene(t)
	x.getToken().Exits(0)
	x.of(t, func(ctx context.Context, m session.Method, s tokens.Session) {
		key := tokens.Key{Server: s.Server, User: s.User, Cluster: "ns1/tkc1"}
		for name, change := range map[string]func(*tokens.Session){
			"by another account": func(now *tokens.Session) { now.Account = "another account" },
			"by another CA":      func(now *tokens.Session) { now.Trust.CA = consoletest.NewCA(t, "other").PEM },
			"by another pin": func(now *tokens.Session) {
				now.Trust = now.Trust.WithPin("10.0.0.1:443", consoletest.NewCA(t, "other").PEM)
			},
		} {
			now := s
			change(&now)
			if _, err := x.Store().SaveSession(now); err != nil {
				t.Fatal(err)
			}
			if _, err := m.Renew(ctx, session.Renewal{Session: s, Key: key}); err == nil || !strings.Contains(err.Error(), "another login replaced this session") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := x.Store().DeleteSession(s.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Renew(ctx, session.Renewal{Session: s, Key: key}); err == nil || !strings.Contains(err.Error(), "is not logged in to 10.0.0.1") {
			t.Errorf("%v", err)
		}
	})
}

// Where nobody knows how a user logged in, the command to type is that of the others at the Supervisor: -u would lead to a prompt for the
// vCenter password, where the provider's might be typed.
func TestCommandForALostSession(t *testing.T) {
	lost := func(x scene) consoletest.Result {
		return x.Run("get-token", "--server", clitest.Server, "--user", "ops@vsphere.local").Exits(1)
	}
	x := newScene(t)
	lost(x).Says("ops@vsphere.local is not logged in to 10.0.0.1; type: " + aNewOne + "\n")
	x.Run("registry", "add", "10.0.0.5", "--server", clitest.Server, "-u", "ops@vsphere.local").Says("not logged in", aNewOne+"\n")
	s := x.Session()
	s.ID, s.User, s.Method, s.Renewal = "", "eve@vsphere.local", "sso", nil
	if _, err := x.Store().SaveSession(s); err != nil {
		t.Fatal(err)
	}
	lost(x).Says("login --server 10.0.0.1 -u ops@vsphere.local\n", "If ops@vsphere.local logs in by the Supervisor's identity provider, type: "+aNewOne+". Its password is not for vCenter.\n")
	// After a logout, the site is remembered: the password of the provider goes nowhere else, typed or in a variable.
	x.Run("logout").Exits(0)
	lost(x).Says("ops@vsphere.local is not logged in to 10.0.0.1; type: " + aNewOne + "\n")
	x.Vars[failure.PasswordVariable] = consoletest.Password
	x.s.Forget()
	x.Run("login", "--server", clitest.Server, "--certificate-authority", x.CAFile).Exits(failure.Usage).Says("to say whose password it is", "--auth-method oidc")
	if n := passwordsAtTheFront(x); n != 0 {
		t.Errorf("%d passwords went to the front", n)
	}
	delete(x.Vars, failure.PasswordVariable)
	x.Run("logout", "--forget-server").Exits(0)
	lost(x).Says("logs in by the Supervisor's identity provider, type: " + aNewOne)
	w, sup := clitest.Site(t) // Where everybody logs in to vCenter, one command is enough.
	clitest.SignedIn(t, w, sup)
	w.Run("get-token", "--server", clitest.Server, "--user", "ops@vsphere.local").Exits(1).Omits("identity provider")
}

// What an older version has stored, or somebody else, is used by the rules of a login.
func TestStoredEndpoints(t *testing.T) {
	for name, change := range map[string]func(s *oidc.Session){
		"token":       func(s *oidc.Session) { s.Provider.Token = "https://evil.example/token" },
		"keys":        func(s *oidc.Session) { s.Provider.JWKS = "http://10.0.0.1/wcp/pinniped/jwks" },
		"authorize":   func(s *oidc.Session) { s.Provider.Authorize = "https://evil.example/authorize" },
		"revocation":  func(s *oidc.Session) { s.Provider.Revocation = "https://evil.example/revoke" },
		"plain token": func(s *oidc.Session) { s.Plain, s.Provider.Token = true, "http://evil.example/token" },
		"plain page": func(s *oidc.Session) {
			s.Plain, s.Flow, s.Provider.Authorize = true, "browser", "https://evil.example/authorize"
			s.Provider.Pinniped.IdentityProviders = ""
		},
	} {
		t.Run(name, func(t *testing.T) {
			x := newScene(t)
			stranger := x.Stranger("evil.example:443", "evil.example:80", "10.0.0.1:80")
			s := x.Session()
			kept, err := oidc.ParseSession(s.Renewal)
			if err != nil {
				t.Fatal(err)
			}
			change(&kept)
			if s.Renewal, err = kept.JSON(); err == nil {
				_, err = x.Store().SaveSession(s)
			}
			if err != nil {
				t.Fatal(err)
			}
			x.Advance(afterRefresh)
			before := x.i.Secrets()
			x.getToken("--force-refresh").Says("the issuer https://10.0.0.1/wcp/pinniped").Says("Log in again: " + aNewOne)
			x.Run("logout").Exits(0).Says("could not be revoked")
			if got := stranger.Got(); len(got) > 0 || x.i.Secrets() > before {
				t.Errorf("%d secrets to the issuer, to others %q", x.i.Secrets()-before, got)
			}
		})
	}
}
