package session_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// way is a login method that does what a test says.
type way struct {
	session.Method
	name   string
	issuer string // of its Facts
	renew  func(ctx context.Context, r session.Renewal) (tokens.Credential, error)
	resume func(ctx context.Context, r session.Renewal) error
}

func (m *way) Name() string       { return m.name }
func (m *way) LocksAccount() bool { return false }
func (m *way) Facts(tokens.Session) (session.Facts, error) {
	return session.Facts{Issuer: m.issuer}, nil
}
func (m *way) Command(tokens.Session) string { return "log in by " + m.name }
func (m *way) Resume(ctx context.Context, r session.Renewal) error {
	return m.resume(ctx, r)
}

func (m *way) Renew(ctx context.Context, r session.Renewal) (tokens.Credential, error) {
	return m.renew(ctx, r)
}

var key = tokens.Key{Server: "10.0.0.1", User: consoletest.User}

// fresh is a new credential that is good for an hour.
func fresh() tokens.Credential {
	now := time.Now()
	return tokens.Credential{Key: key, Token: redact.Secret(rand.Text()), Issued: now, Expires: now.Add(time.Hour)}
}

// with is a store with one session of a method, and no credential.
func with(t *testing.T, m *way) (*consoletest.World, func() *session.Sessions) {
	t.Helper()
	w := consoletest.New(t)
	m.name = "test"
	if m.resume == nil {
		m.resume = func(context.Context, session.Renewal) error { return session.ErrNobody }
	}
	if _, err := w.Store().SaveSession(tokens.Session{Server: key.Server, User: key.User, Method: m.name, Account: "a"}); err != nil {
		t.Fatal(err)
	}
	return w, func() *session.Sessions {
		return &session.Sessions{Env: w.Env(), Store: w.Store(), Methods: []session.Method{m}}
	}
}

// One renewal serves all who ask at once, and those who ask later.
func TestOneRenewalForAll(t *testing.T) {
	var renewals atomic.Int32
	_, sessions := with(t, &way{renew: func(context.Context, session.Renewal) (tokens.Credential, error) {
		renewals.Add(1)
		time.Sleep(50 * time.Millisecond)
		return fresh(), nil
	}})
	for _, force := range []bool{false, true} {
		renewals.Store(0)
		var all sync.WaitGroup
		for range 8 {
			s := sessions()
			all.Go(func() {
				if c, err := s.Token(t.Context(), key, force); err != nil || c.Token == "" {
					t.Errorf("%v", err)
				}
			})
		}
		all.Wait()
		if n := renewals.Load(); n == 0 || n > 1 && !force || n == 8 { // One that begins late forces another one.
			t.Errorf("%d renewals, force %t", n, force)
		}
	}
	renewals.Store(0)
	if _, err := sessions().Token(t.Context(), key, false); err != nil || renewals.Load() > 0 {
		t.Errorf("%v, %d renewals of a good credential", err, renewals.Load())
	}
}

// A server that is down fails all who wait, once.
func TestOneFailureForAll(t *testing.T) {
	var renewals atomic.Int32
	_, sessions := with(t, &way{renew: func(context.Context, session.Renewal) (tokens.Credential, error) {
		renewals.Add(1)
		time.Sleep(100 * time.Millisecond)
		return tokens.Credential{}, &wire.Error{Method: "POST", URL: "https://10.0.0.1", Message: "bad gateway", Kind: wire.ErrServer}
	}})
	var all sync.WaitGroup
	for range 4 {
		s := sessions()
		all.Go(func() {
			if _, err := s.Token(t.Context(), key, false); failure.Code(err) != failure.Server || !strings.Contains(err.Error(), "bad gateway") {
				t.Errorf("%v", err)
			}
		})
	}
	all.Wait()
	if n := renewals.Load(); n != 1 {
		t.Errorf("%d renewals", n)
	}
}

// A session that has ended is resumed, and then gives its token; else the error says what to type.
func TestResume(t *testing.T) {
	broken := errors.New("the browser is broken")
	for name, tc := range map[string]struct {
		resume error
		want   []string
	}{
		"resumed": {nil, nil},
		"nobody":  {session.ErrNobody, []string{"it has ended", "type: log in by test"}},
		"broken":  {broken, []string{"the session of dev@vsphere.local at 10.0.0.1 has ended", "the browser is broken", "type: log in by test"}},
	} {
		back := false
		_, sessions := with(t, &way{
			renew: func(_ context.Context, r session.Renewal) (tokens.Credential, error) {
				if !back {
					return tokens.Credential{}, &tokens.LoginRequiredError{Server: r.Session.Server, User: r.Session.User, Reason: "it has ended"}
				}
				return fresh(), nil
			},
			resume: func(context.Context, session.Renewal) error { back = tc.resume == nil; return tc.resume },
		})
		_, err := sessions().Token(t.Context(), key, false)
		if (err == nil) != (tc.want == nil) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, text := range tc.want {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v does not say %q", name, err, text)
			}
		}
	}
}

// Without a login the error says what to type, and nobody is asked.
func TestNotLoggedIn(t *testing.T) {
	w, sessions := with(t, &way{})
	if err := w.Store().DeleteSession(w.Session().ID); err != nil {
		t.Fatal(err)
	}
	_, err := sessions().Token(t.Context(), key, false)
	if err == nil || !strings.Contains(err.Error(), "is not logged in") || !strings.Contains(err.Error(), "type: kubectl vsphere login --server 10.0.0.1 -u dev@vsphere.local") {
		t.Errorf("%v", err)
	}
}

// A logout while a renewal is under way wins: the credential of it is not handed out, and not kept.
func TestLoggedOutMeanwhile(t *testing.T) {
	var w *consoletest.World
	var sessions func() *session.Sessions
	w, sessions = with(t, &way{renew: func(_ context.Context, r session.Renewal) (tokens.Credential, error) {
		return fresh(), w.Store().DeleteSession(r.Session.ID)
	}})
	if _, err := sessions().Token(t.Context(), key, false); err == nil || !strings.Contains(err.Error(), "is not logged in") {
		t.Errorf("%v", err)
	}
	if all, _ := w.Store().Credentials(); len(all) > 0 {
		t.Error("a credential was kept")
	}
}

// A session of an unknown method is an error that names its file.
func TestUnknownMethod(t *testing.T) {
	w, sessions := with(t, &way{})
	of := w.Session()
	of.Method = "passkey"
	_, err := sessions().Method(of)
	if err == nil || !strings.Contains(err.Error(), w.Store().SessionPath(of.ID)) || !strings.Contains(failure.NextStep(err), failure.LogoutCommand(of.Server, of.User)) {
		t.Errorf("%v; %s", err, failure.NextStep(err))
	}
	if got := sessions().Command(of); got != failure.LoginCommand(of.Server, of.User) {
		t.Error(got)
	}
	if _, err := w.Store().SaveSession(of); err != nil {
		t.Fatal(err)
	}
	if _, err := sessions().Token(t.Context(), key, false); err == nil || !strings.Contains(err.Error(), `"passkey"`) {
		t.Errorf("%v", err)
	}
}

// A certificate that is not believed at a renewal is explained with the flags of a login.
func TestUntrustedAtARenewal(t *testing.T) {
	_, sessions := with(t, &way{renew: func(context.Context, session.Renewal) (tokens.Credential, error) {
		return tokens.Credential{}, &trust.UntrustedError{Host: "10.0.0.1", Reason: "its CA is unknown here", UnknownCA: true}
	}})
	_, err := sessions().Token(t.Context(), key, false)
	if step := failure.NextStep(err); !strings.Contains(step, "--certificate-authority") || !strings.Contains(step, "log in by test") {
		t.Errorf("%v; %s", err, step)
	}
}

// What somebody is asked depends on why, and an address without trust is said first.
func TestQuestion(t *testing.T) {
	r := session.Renewal{Session: tokens.Session{Server: "10.0.0.1", User: "dev"}}
	if q := r.Question(); !strings.Contains(q, "has ended") || strings.Contains(q, "WARNING") {
		t.Error(q)
	}
	r.Force, r.Session.Trust.Mode = true, trust.Insecure
	if q := r.Question(); !strings.HasPrefix(q, site.InsecureWarning("10.0.0.1")) || strings.Contains(q, "has ended") {
		t.Error(q)
	}
}

// Another holder of the account's lock is waited for, and that is said.
func TestWaitingForTheLock(t *testing.T) {
	w, sessions := with(t, &way{renew: func(context.Context, session.Renewal) (tokens.Credential, error) { return fresh(), nil }})
	unlock, err := w.Store().LockAccount(t.Context(), "a", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := sessions()
	out := s.Env.ErrOut.(*consoletest.Stream)
	done := make(chan error)
	go func() { _, err := s.Token(t.Context(), key, false); done <- err }()
	for tries := 0; !strings.Contains(out.String(), "Waiting for another process that renews the session of dev@vsphere.local"); tries++ {
		if tries == 5000 {
			t.Error("nobody says what is waited for")
			break
		}
		time.Sleep(time.Millisecond)
	}
	unlock()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Accepts asks the API server. One that gives no rights knows who it is all the same.
func TestAccepts(t *testing.T) {
	w, s := clitest.Site(t)
	clitest.SignedIn(t, w, s)
	cluster := s.Namespaces[0].Clusters[0]
	c, found, err := w.Store().Credential(tokens.Key{Server: key.Server, User: key.User, Cluster: "ns1/tkc1"})
	if err != nil || !found {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		reply http.HandlerFunc
		want  error
	}{
		"accepted": {nil, nil}, "no rights": {consoletest.Status(403, ""), nil},
		"refused": {consoletest.Status(401, ""), wire.ErrRefused}, "down": {consoletest.Status(503, ""), wire.ErrServer},
	} {
		cluster.Replies["GET /version"] = tc.reply
		w.Do(func(ctx context.Context, e *console.Env) {
			err := session.Accepts(ctx, e, loginCluster(cluster, c), session.Endpoint{})
			if !errors.Is(err, tc.want) || (err == nil) != (tc.want == nil) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}
