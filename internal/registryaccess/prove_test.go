package registryaccess_test

import (
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/x509roots/fallback/bundle"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// publicCA is a CA that browsers trust.
func publicCA() string {
	for root := range bundle.Roots() {
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
	}
	return ""
}

// A registry of the Supervisor gets the token, and the name under which it took it is remembered.
func TestExamineProven(t *testing.T) {
	s := newSite(t)
	got, err := s.examine(registry.Record{Host: host, LoggedOut: true, Reason: registry.ReasonRefused})
	if err != nil {
		t.Fatal(err)
	}
	want := registry.Record{
		Host: host, Server: supervisor, User: consoletest.User, Username: asToken, AuthMode: registry.HTTPAuth, Harbor: "v2.12.2", Checked: got.Checked,
	}
	if !got.Same(want) || got.Checked.IsZero() {
		t.Error(cmp.Diff(want, got))
	}
	if diff := cmp.Diff([]string{asToken + ":" + token}, s.harbor.Secrets()); diff != "" {
		t.Error(diff)
	}
}

// Without a proof nothing is sent, and the reason says what is missing.
func TestExamineUnproven(t *testing.T) {
	for name, c := range map[string]struct {
		session func(*site, *tokens.Session)
		harbor  func(*site)
		record  func(*site, *registry.Record)
		want    registry.Reason
	}{
		"it asks another server": {harbor: func(s *site) { s.harbor.Endpoint = "https://10.9.9.9/wcp/login" }, want: registry.ReasonEndpoint},
		"it asks nobody":         {harbor: func(s *site) { s.harbor.Endpoint = "" }, want: registry.ReasonEndpoint},
		"it asks without TLS":    {harbor: func(s *site) { s.harbor.Endpoint = "http://" + supervisor + "/" }, want: registry.ReasonEndpoint},
		"it asks another port":   {harbor: func(s *site) { s.harbor.Endpoint = "https://" + supervisor + ":8443/" }, want: registry.ReasonEndpoint},
		"the session trusts whoever answers": {
			session: func(_ *site, of *tokens.Session) { of.Trust = trust.Trust{Mode: trust.Insecure} },
			record:  func(s *site, r *registry.Record) { r.CA = s.CA.PEM }, want: registry.ReasonUnverified,
		},
		"the session trusts the system's roots": {
			session: func(_ *site, of *tokens.Session) { of.Trust = trust.Trust{Mode: trust.System} },
			record:  func(s *site, r *registry.Record) { r.CA = s.CA.PEM }, want: registry.ReasonOtherCA,
		},
		"another CA was given for it": {
			session: func(s *site, of *tokens.Session) { of.Trust.CA += publicCA() },
			record:  func(s *site, r *registry.Record) { r.CA = s.CA.PEM }, want: registry.ReasonOtherCA,
		},
		"the session's CA is a public one": {
			session: func(s *site, of *tokens.Session) { of.Trust.CA += publicCA() }, want: registry.ReasonPublicCA,
		},
		"the roots of one shell verified the Supervisor": {
			session: func(s *site, of *tokens.Session) {
				of.Trust = trust.Trust{Mode: trust.System, Pins: map[string]string{supervisor + ":443": s.CA.PEM, host + ":443": s.CA.PEM}}
			}, want: registry.ReasonPublicCA,
		},
		"its CA was pinned for it alone": {
			session: func(s *site, of *tokens.Session) {
				of.Trust = trust.Trust{Mode: trust.Pinned, CA: consoletest.NewCA(t, "other").PEM, Pins: map[string]string{host + ":443": s.CA.PEM}}
			}, want: registry.ReasonPublicCA,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			r := registry.Record{Host: host}
			if c.session != nil {
				c.session(s, &s.session)
			}
			if c.harbor != nil {
				c.harbor(s)
			}
			if c.record != nil {
				c.record(s, &r)
			}
			got, err := s.examine(r)
			var unproven *registryaccess.UnprovenError
			if !errors.As(err, &unproven) || unproven.Reason != c.want || unproven.Error() == "" || got.Username != "" {
				t.Errorf("%v, %+v, want %s", err, got, c.want)
			}
			if sent := s.harbor.Secrets(); len(sent) > 0 {
				t.Errorf("an unproven registry is sent %q", sent)
			}
		})
	}
}

// Only what a server says that the site's CA verifies proves anything. The first answer may be of another server, which a public CA verifies.
func TestExamineOtherServerFirst(t *testing.T) {
	good := `{"auth_mode":"http_auth","authproxy_settings":{"endpoint":"https://` + supervisor + `/wcp/login"}}`
	for second, want := range map[string]registry.Reason{
		strings.Replace(good, supervisor, "10.9.9.9", 1):       registry.ReasonEndpoint,
		`{"auth_mode":"http_auth"}`:                            registry.ReasonEndpoint,
		strings.Replace(good, registry.HTTPAuth, "db_auth", 1): registry.ReasonAuthMode,
	} {
		s := newSite(t)
		answers := []string{good, second}
		s.harbor.Replies["GET /api/v2.0/systeminfo"] = func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(answers[0]))
			answers = answers[1:]
		}
		_, err := s.examine(registry.Record{Host: host})
		var unproven *registryaccess.UnprovenError
		if sent := s.harbor.Secrets(); !errors.As(err, &unproven) || unproven.Reason != want || len(sent) > 0 {
			t.Errorf("%s: %v, sent %q", second, err, sent)
		}
	}
}

// accepted is a session whose CA was accepted at first use, for the Supervisor alone.
func accepted(s *tokens.Session) {
	s.Trust = trust.Trust{Mode: trust.Pinned}.WithPin(supervisor+":443", s.Trust.CA)
}

// A CA that was accepted for the Supervisor alone does not count for a registry. It proves the registry once a person said that it counts.
func TestExamineFirstUse(t *testing.T) {
	s := newSite(t, accepted)
	_, err := s.examine(registry.Record{Host: host})
	var unasked *registryaccess.UnaskedCAError
	if !errors.As(err, &unasked) || unasked.CA != s.CA.PEM || unasked.Server != supervisor || len(s.harbor.Requests()) > 0 {
		t.Errorf("%v %q", err, s.harbor.Requests())
	}
	got, err := s.examine(registry.Record{Host: host, CA: s.CA.PEM})
	if err != nil || got.Username != asToken || got.CA != s.CA.PEM {
		t.Errorf("%+v, %v", got, err)
	}
	s.harbor.Forget()
	other := consoletest.NewCA(t, "other")
	s.Serve(host+":443", other, s.harbor)
	if _, err := s.examine(registry.Record{Host: host}); errors.As(err, &unasked) || !errors.As(err, new(*trust.UntrustedError)) {
		t.Errorf("of another CA: %v", err)
	}
	var unproven *registryaccess.UnprovenError
	if _, err = s.examine(registry.Record{Host: host, CA: other.PEM}); !errors.As(err, &unproven) || unproven.Reason != registry.ReasonOtherCA {
		t.Errorf("another CA was given for it: %v", err)
	}
	if sent := s.harbor.Secrets(); len(sent) > 0 {
		t.Errorf("it is sent %q", sent)
	}
}

// The pin of another server than the Supervisor proves nothing.
func TestExamineFirstUseOfAnotherHost(t *testing.T) {
	s := newSite(t, func(s *tokens.Session) {
		s.Hosts = []string{supervisor, "10.0.1.1"}
		s.Trust = trust.Trust{Mode: trust.Pinned}.WithPin(supervisor+":443", consoletest.NewCA(t, "other").PEM).WithPin("10.0.1.1:443", s.Trust.CA)
	})
	_, err := s.examine(registry.Record{Host: host, CA: s.CA.PEM})
	var unproven *registryaccess.UnprovenError
	if !errors.As(err, &unproven) || unproven.Reason != registry.ReasonOtherCA || len(s.harbor.Secrets()) > 0 {
		t.Errorf("%v, %q", err, s.harbor.Secrets())
	}
}

// A session trusts a registry no more than its own servers: what is not verified is asked nothing.
func TestExamineUntrusted(t *testing.T) {
	for name, change := range map[string]func(*tokens.Session){
		"another CA":     func(s *tokens.Session) { s.Trust.CA = consoletest.NewCA(t, "other").PEM },
		"nothing is":     func(s *tokens.Session) { s.Trust = trust.Trust{Mode: trust.Insecure} }, // Then the system's roots decide.
		"system's roots": func(s *tokens.Session) { s.Trust = trust.Trust{Mode: trust.System} },
	} {
		s := newSite(t, change)
		_, err := s.examine(registry.Record{Host: host})
		var untrusted *trust.UntrustedError
		if !errors.As(err, &untrusted) || len(s.harbor.Requests()) > 0 {
			t.Errorf("%s: %v %q", name, err, s.harbor.Requests())
		}
	}
}

func TestExamineReasons(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*site)
		want   registry.Reason
		sent   int
	}{
		"it refuses every name":     {func(s *site) { s.harbor.Logins = nil }, registry.ReasonRefused, 2},
		"it has accounts":           {func(s *site) { s.harbor.AuthMode = "db_auth" }, registry.ReasonAuthMode, 0},
		"people of a provider":      {func(s *site) { s.harbor.AuthMode = registry.OIDCAuth }, registry.ReasonAuthMode, 0},
		"it is no Harbor":           {func(s *site) { s.Serve(host+":443", s.CA, http.NotFoundHandler()) }, registry.ReasonNotHarbor, 0},
		"there is only a key there": {func(s *site) { certificate(t, s) }, registry.ReasonNoToken, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			c.change(s)
			got, err := s.examine(registry.Record{Host: host, Username: "old", AuthMode: "old", Harbor: "old"})
			if err != nil || got.Reason != c.want || got.Username != "" || got.Harbor == "old" || got.AuthMode == "old" || len(s.harbor.Secrets()) != c.sent {
				t.Errorf("%+v, %v, %q", got, err, s.harbor.Secrets())
			}
		})
	}
}

// certificate puts a client certificate in the place of the token, as an identity provider's session has one.
func certificate(t *testing.T, s *site) {
	t.Helper()
	c, _, err := s.Store().Credential(tokens.Key{Server: supervisor, User: consoletest.User})
	if err != nil {
		t.Fatal(err)
	}
	c.Token, c.Certificate, c.PrivateKey = "", "PEM", redact.Secret("PEM")
	if err := s.Store().SaveCredential(c); err != nil {
		t.Fatal(err)
	}
}

// Two spellings of the name are tried, and the subject of the token goes before what was typed at the login.
func TestExamineUserNames(t *testing.T) {
	const jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJBZGFAdnNwaGVyZS5sb2NhbCJ9.c2ln" // sub: Ada@vsphere.local
	for name, secret := range map[string]string{
		"tokenreview$" + consoletest.User: token, "tokenreview$sso:" + consoletest.User: token,
		"tokenreview$Ada@vsphere.local": jwt, "tokenreview$sso:Ada@vsphere.local": jwt,
	} {
		s := newSite(t)
		s.KeepToken(s.session, tokens.Key{Server: supervisor, User: consoletest.User}, redact.Secret(secret))
		s.harbor.Logins = map[string]string{name: secret}
		if got, err := s.examine(registry.Record{Host: host}); err != nil || got.Username != name {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// What a person said of one login's token says nothing of another's.
func TestExamineSendToken(t *testing.T) {
	s := newSite(t)
	s.harbor.Endpoint = "https://10.9.9.9/wcp/login"
	r := registry.Record{Host: host, SendToken: true}
	if got, err := s.examine(r); err != nil || got.Username != asToken || !got.SendToken {
		t.Errorf("%+v, %v", got, err)
	}
	s.harbor.Forget()
	r.Server, r.User, r.Audience = supervisor, "eve@vsphere.local", "harbor"
	got, err := s.examine(r)
	var unproven *registryaccess.UnprovenError
	if !errors.As(err, &unproven) || got.SendToken || got.Audience != "" || len(s.harbor.Secrets()) > 0 {
		t.Errorf("%+v, %v, %q", got, err, s.harbor.Secrets())
	}
}

// An outage says nothing about the token.
func TestExamineOutage(t *testing.T) {
	s := newSite(t)
	s.harbor.Replies["GET /service/token"] = consoletest.Status(502, "bad gateway")
	if got, err := s.examine(registry.Record{Host: host}); !errors.Is(err, wire.ErrServer) || got.Reason != "" {
		t.Errorf("%+v, %v", got, err)
	}
	s.Down(host + ":443")
	if _, err := s.examine(registry.Record{Host: host}); !errors.Is(err, wire.ErrUnreachable) {
		t.Error(err)
	}
}

// What counts is what the registry says over the connection that proves it: that of the first answer may be with somebody in between, whose
// certificate a wider trust takes.
func TestExamineAnswersThatDiffer(t *testing.T) {
	s := newSite(t)
	first := true
	s.harbor.Replies["GET /api/v2.0/systeminfo"] = func(w http.ResponseWriter, _ *http.Request) {
		endpoint := "https://10.9.9.9/"
		if first {
			endpoint = "https://" + supervisor + "/wcp/login"
		}
		first = false
		_, _ = io.WriteString(w, `{"auth_mode":"http_auth","harbor_version":"v2.12.2","authproxy_settings":{"endpoint":"`+endpoint+`"}}`)
	}
	_, err := s.examine(registry.Record{Host: host})
	var unproven *registryaccess.UnprovenError
	if !errors.As(err, &unproven) || unproven.Reason != registry.ReasonEndpoint || len(s.harbor.Secrets()) > 0 {
		t.Errorf("%v; sent: %q", err, s.harbor.Secrets())
	}
}
