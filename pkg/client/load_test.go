package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// signedIn is a site where the user has logged in, with nobody at the terminal.
func signedIn(t *testing.T, more ...string) (*consoletest.World, *consoletest.Supervisor) {
	t.Helper()
	w, s := clitest.Site(t)
	clitest.SignedIn(t, w, s, more...)
	return w, s
}

// loaded is the session of a world's store.
func loaded(t *testing.T, w *consoletest.World, from Stored) *Session {
	t.Helper()
	s, err := load(t.Context(), w.Env(), from)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// httpClient is what client-go makes of a session.
func httpClient(t *testing.T, s *Session) *http.Client {
	t.Helper()
	config := s.Config()
	config.UserAgent = "test"
	c, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// version asks the API server of a session, and returns the status of the reply.
func version(ctx context.Context, c *http.Client, s *Session) (int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.config.Host+"/version", nil)
	if err != nil {
		return 0, err
	}
	resp, err := c.Do(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

// answers fails the test unless the API server of a session knows its user.
func answers(t *testing.T, s *Session) {
	t.Helper()
	if status, err := version(t.Context(), httpClient(t, s), s); err != nil || status != http.StatusOK {
		t.Errorf("%s: %d, %v", s, status, err)
	}
}

func TestLoad(t *testing.T) {
	w, s := signedIn(t)
	for name, c := range map[string]struct {
		from                  Stored
		server, as, namespace string
	}{
		"the current context": {Stored{}, "https://10.0.0.1:6443", "dev@vsphere.local at 10.0.0.1", ""},
		"a namespace":         {Stored{Context: "ns2"}, "https://10.0.0.1:6443", "dev@vsphere.local at 10.0.0.1", "ns2"},
		"a cluster":           {Stored{Context: "tkc1"}, "https://10.0.0.11:6443", "dev@vsphere.local at ns1/tkc1 of 10.0.0.1", ""},
		"a server": {Stored{Server: "https://10.0.0.1/", User: "DEV@vsphere.local"}, "https://10.0.0.1:6443",
			"dev@vsphere.local at 10.0.0.1", ""},
		"a cluster by its name": {Stored{Server: "10.0.0.1", User: consoletest.User, Cluster: "ns1/tkc2"}, "https://10.0.0.12:6443",
			"dev@vsphere.local at ns1/tkc2 of 10.0.0.1", ""},
		"a kubeconfig": {Stored{Context: "tkc2", Kubeconfig: w.Kubeconfig(), Store: w.Store().Dir()}, "https://10.0.0.12:6443",
			"dev@vsphere.local at ns1/tkc2 of 10.0.0.1", ""},
	} {
		got := loaded(t, w, c.from)
		if got.config.Host != c.server || got.String() != c.as || got.Namespace() != c.namespace || got.User() != consoletest.User {
			t.Errorf("%s: %s as %s in %q", name, got.config.Host, got, got.Namespace())
		}
		answers(t, got)
	}
	answers(t, must(t)(loaded(t, w, Stored{}).Cluster(t.Context(), "ns1/tkc1")))
	if n := s.Count("POST /wcp/login"); n != 0 {
		t.Errorf("%d logins", n)
	}
}

func must(t *testing.T) func(*Session, error) *Session {
	return func(s *Session, err error) *Session {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

func TestLoadOfWhatIsNotThere(t *testing.T) {
	w, _ := signedIn(t)
	w.WriteFile("foreign", `{"apiVersion":"v1","kind":"Config","current-context":"x","contexts":[{"name":"x","context":{"cluster":"x","user":"x"}}],
"clusters":[{"name":"x","cluster":{"server":"https://x"}}],"users":[{"name":"x","user":{"token":"of-somebody"}}]}`, 0o600)
	for _, c := range []struct {
		from Stored
		says string
	}{
		{Stored{Context: "nope"}, `context "nope" is not in the kubeconfig`},
		{Stored{Kubeconfig: w.Dir + "/foreign"}, "was not written by this program"},
		{Stored{Context: "ns1", Server: "10.0.0.1"}, "a context, or a server and a user"},
		{Stored{Server: "10.0.0.1"}, "a context, or a server and a user"},
		{Stored{Server: "a:b:c", User: "x"}, "a:b:c"},
		{Stored{Server: "10.0.0.1", User: "x", Cluster: "tkc1"}, "not NAMESPACE/NAME"},
		{Stored{Server: "10.0.0.9", User: "x"}, "no context of the kubeconfig"},
		{Stored{Store: "relative"}, "not an absolute path"},
	} {
		_, err := load(t.Context(), w.Env(), c.from)
		var known *Error
		if err == nil || !strings.Contains(err.Error(), c.says) || !errors.As(err, &known) {
			t.Errorf("%+v: %v", c.from, err)
		}
	}
}

// A session that has ended says what to type, asks nobody, and prints nothing.
func TestLoadEnded(t *testing.T) {
	w, s := signedIn(t)
	good := loaded(t, w, Stored{})
	w.Advance(consoletest.Life)
	e := w.Env()
	_, err := load(t.Context(), e, Stored{})
	for _, err := range []error{err, second(version(t.Context(), httpClient(t, good), good)), second(good.TokenSource(t.Context()).Token())} {
		var known *Error
		if !errors.Is(err, ErrLoginRequired) || !errors.As(err, &known) || !strings.Contains(err.Error(), "type: kubectl vsphere login --server 10.0.0.1 -u dev@vsphere.local") {
			t.Errorf("%v", err)
		}
	}
	if said := fmt.Sprint(e.Out, e.ErrOut); said != " " || len(s.Requests()) > 0 {
		t.Errorf("%q %q", said, s.Requests())
	}
	w.Run("logout").Exits(failure.OK)
	if _, err := load(t.Context(), w.Env(), Stored{Context: "tkc1"}); err == nil {
		t.Error("a session after logout")
	}
}

func second[T any](_ T, err error) error { return err }

// One expired session costs one renewal, however many goroutines ask.
func TestOneRenewal(t *testing.T) {
	w, s := signedIn(t)
	session := loaded(t, w, Stored{})
	w.Advance(consoletest.Life)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	for _, c := range []struct {
		name string
		do   func()
	}{
		{"expired", func() {}},
		{"refused", func() {
			old := "Bearer " + session.source.current().Token.Reveal()
			s.Replies["GET /version"] = func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") == old {
					w.WriteHeader(http.StatusUnauthorized)
				}
			}
		}},
	} {
		s.Forget()
		c.do()
		var all sync.WaitGroup
		for range 8 {
			client := httpClient(t, session)
			all.Go(func() {
				if status, err := version(t.Context(), client, session); err != nil || status != http.StatusOK {
					t.Errorf("%s: %d, %v", c.name, status, err)
				}
			})
		}
		all.Wait()
		if n := s.Count("POST /wcp/login"); n != 1 {
			t.Errorf("%s: %d logins", c.name, n)
		}
	}
}

func every[T any](n int, v T) (all []T) {
	for range n {
		all = append(all, v)
	}
	return all
}

// While another process renews, this one waits for its lock, and uses what it got.
func TestAnotherProcessRenews(t *testing.T) {
	w, s := signedIn(t)
	session := loaded(t, w, Stored{})
	w.Advance(consoletest.Life)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	theirs := w.Store()
	unlock, err := theirs.LockAccount(t.Context(), w.Session().Account, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 8)
	for range cap(got) {
		go func() {
			token, err := session.TokenSource(t.Context()).Token()
			if err != nil {
				t.Error(err)
				got <- ""
				return
			}
			got <- token.AccessToken
		}()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := session.Credential(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a caller that has left: %v", err)
	}
	w.KeepToken(w.Session(), tokens.Key{Server: clitest.Server, User: consoletest.User}, "of-the-other-process")
	unlock()
	for range cap(got) {
		if token := <-got; token != "of-the-other-process" {
			t.Error(token)
		}
	}
	if len(s.Requests()) > 0 {
		t.Errorf("%q", s.Requests())
	}
}

// An API server that refuses a credential in the middle gets a new one with the same request, whose body is sent again.
func TestRefusedInTheMiddle(t *testing.T) {
	w, s := signedIn(t)
	session := loaded(t, w, Stored{})
	w.Vars[failure.PasswordVariable] = consoletest.Password
	bodies := []string{}
	read := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			bodies = append(bodies, string(body))
			w.WriteHeader(status)
		}
	}
	s.Next("POST /api/v1/x", read(http.StatusUnauthorized), read(http.StatusCreated))
	c := httpClient(t, session)
	post := func(body io.Reader) int {
		resp, err := c.Post(session.config.Host+"/api/v1/x", "application/json", body)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	if status := post(strings.NewReader("{}")); status != http.StatusCreated || strings.Join(bodies, " ") != "{} {}" || s.Count("POST /wcp/login") != 1 {
		t.Errorf("%d %q %q", status, bodies, s.Requests())
	}
	// One that refuses new ones too is told so once a minute.
	s.Next("POST /api/v1/x", every(4, read(http.StatusUnauthorized))...)
	if a, b := post(strings.NewReader("{}")), post(strings.NewReader("{}")); a != http.StatusUnauthorized || b != a || s.Count("POST /wcp/login") != 1 {
		t.Errorf("%d %d %q", a, b, s.Requests())
	}
	w.Advance(2 * time.Minute)
	s.Next("POST /api/v1/x", read(http.StatusUnauthorized))
	if status := post(io.MultiReader(strings.NewReader("a stream"))); status != http.StatusUnauthorized { // It cannot be sent again.
		t.Error(status)
	}
	// Without a password, its answer is the caller's.
	delete(w.Vars, failure.PasswordVariable)
	w.Advance(2 * time.Minute)
	s.Next("POST /api/v1/x", read(http.StatusUnauthorized))
	if status := post(nil); status != http.StatusUnauthorized {
		t.Error(status)
	}
}

// The credential goes to the API server alone, and never unverified.
func TestWhereTheCredentialGoes(t *testing.T) {
	w, s := signedIn(t)
	session := loaded(t, w, Stored{})
	asked := 0
	w.Serve("10.9.9.9:443", w.CA, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	s.Next("GET /version", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://10.9.9.9/", http.StatusFound)
	})
	if _, err := version(t.Context(), httpClient(t, session), session); err == nil || asked != 0 || !strings.Contains(err.Error(), "is not sent to 10.9.9.9") {
		t.Errorf("%v, asked %d times", err, asked)
	}
	config := session.Config()
	config.TLSClientConfig = rest.TLSClientConfig{Insecure: true}
	c, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	before := len(s.Requests())
	if _, err := version(t.Context(), c, session); !errors.Is(err, errInsecure) || len(s.Requests()) != before {
		t.Errorf("%v", err)
	}
	w.Run(append(clitest.SignIn(w), "--insecure-skip-tls-verify")...)
	w.WriteFile("kubeconfig", strings.Replace(w.ReadKubeconfig(), "certificate-authority-data", "insecure-skip-tls-verify: true\n    x", 1), 0o600)
	if _, err := load(t.Context(), w.Env(), Stored{Context: "10.0.0.1"}); !errors.Is(err, errInsecure) {
		t.Errorf("%v", err)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	w, _ := signedIn(t)
	session := loaded(t, w, Stored{})
	c, err := session.Credential(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	options := Options{Password: &Password{User: "dev", Password: Text(consoletest.Password)}}
	for _, v := range []any{session, c, &c, session.Config(), options, *options.Password} {
		said := fmt.Sprintf("%v %+v %#v %s", v, v, v, v)
		if strings.Contains(said, c.Token.Reveal()) || strings.Contains(said, consoletest.Password) {
			t.Errorf("%T: %s", v, said)
		}
	}
}
