package login

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// refreshes is a token endpoint that knows some refresh tokens; the others it refuses, or it is broken, or its upstream is down.
type refreshes struct {
	known    []string
	broken   bool
	upstream bool   // what is behind it does not answer
	id       string // an ID token that comes with the new tokens
	asked    []string
}

func (r *refreshes) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	token := req.PostFormValue("refresh_token")
	r.asked = append(r.asked, token)
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.broken:
		w.WriteHeader(http.StatusBadGateway)
	case slices.Contains(r.known, token):
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "at-" + token, "refresh_token": token + "+", "token_type": "bearer", "expires_in": 120, "id_token": r.id})
	case r.upstream:
		w.WriteHeader(http.StatusUnauthorized)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": "error", "error_description": "Error during upstream refresh. Upstream refresh failed."})
	default:
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": "invalid_grant", "error_description": "The token is malformed or not valid."})
	}
}

func TestRenewSession(t *testing.T) {
	for name, tc := range map[string]struct {
		endpoint refreshes
		theirs   *oidc.Session // what another process has kept meanwhile
		full     bool          // nothing can be kept
		asked    []string
		refresh  redact.Secret // what is kept in the end
		kind     error
	}{
		"renewed": {endpoint: refreshes{known: []string{"mine"}}, asked: []string{"mine"}, refresh: "mine+"},
		// The keys to verify the new ID token with cannot be had: the new refresh token must not be lost.
		"renewed, without keys": {endpoint: refreshes{known: []string{"mine"}, id: "eyJhbGciOiJFUzI1NiJ9.e30.c2ln"}, asked: []string{"mine"}, refresh: "mine+", kind: wire.ErrUnreachable},
		"refused":               {asked: []string{"mine"}, refresh: "", kind: ErrEnded}, // It is not sent again.
		"overtaken, and fresh":  {theirs: session("theirs", time.Minute), asked: []string{"mine"}, refresh: "theirs"},
		"overtaken long ago":    {endpoint: refreshes{known: []string{"theirs"}}, theirs: session("theirs", -time.Minute), asked: []string{"mine", "theirs"}, refresh: "theirs+"},
		// A Pinniped whose upstream is down, or whose upstream knows that another process was faster, says the same.
		"upstream down":           {endpoint: refreshes{upstream: true}, asked: []string{"mine"}, refresh: "mine", kind: wire.ErrServer},
		"upstream, and overtaken": {endpoint: refreshes{upstream: true}, theirs: session("theirs", time.Minute), asked: []string{"mine"}, refresh: "theirs"},
		"upstream, and long ago":  {endpoint: refreshes{upstream: true, known: []string{"theirs"}}, theirs: session("theirs", -time.Minute), asked: []string{"mine", "theirs"}, refresh: "theirs+"},
		"overtaken, refused":      {theirs: session("theirs", -time.Minute), asked: []string{"mine", "theirs"}, refresh: "", kind: ErrEnded},
		"a broken issuer":         {endpoint: refreshes{broken: true}, asked: []string{"mine"}, refresh: "mine", kind: wire.ErrServer},
		"nowhere to keep a token": {endpoint: refreshes{known: []string{"mine"}}, full: true, refresh: "mine", kind: errFull},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewTLSServer(&tc.endpoint)
			defer server.Close()
			f, kept := federated(server, tc.theirs, tc.full)
			ended := false
			f.End = func() { ended = true }
			err := f.renew(t.Context())
			if (err == nil) != (tc.kind == nil) || !errors.Is(err, tc.kind) || errors.Is(err, ErrEnded) != (tc.kind == ErrEnded) || ended != (tc.kind == ErrEnded) {
				t.Errorf("%v", err)
			}
			if !slices.Equal(tc.endpoint.asked, tc.asked) {
				t.Errorf("asked with %q, not %q", tc.endpoint.asked, tc.asked)
			}
			if f.Issuer.Refresh.Secret != tc.refresh {
				t.Errorf("it has %q", f.Issuer.Refresh.Reveal())
			}
			if tc.kind == wire.ErrUnreachable && f.Issuer.Access.Secret != "" {
				t.Error("an access token that was not verified can be used")
			}
			if (ended || tc.refresh == "mine+") && *kept != tc.refresh {
				t.Errorf("%q was kept", kept.Reveal())
			}
		})
	}
}

var errFull = errors.New("the disk is full")

func session(refresh string, life time.Duration) *oidc.Session {
	s := &oidc.Session{Client: "cli", AccessUntil: time.Now().Add(life)}
	s.Refresh.Secret, s.Access.Secret = redact.Secret(refresh), "at"
	return s
}

// federated is a session whose refresh token is "mine"; kept is the refresh token that was saved last.
func federated(server *httptest.Server, theirs *oidc.Session, full bool) (f *Federated, kept *redact.Secret) {
	kept = new(redact.Secret)
	issuer := &oidc.Client{Session: *session("mine", -time.Minute), Wire: &wire.Client{HTTP: server.Client()}, Now: time.Now}
	issuer.Provider.Token, issuer.Provider.JWKS, issuer.Provider.Issuer = server.URL+"/token", "https://127.0.0.1:1/jwks", server.URL
	return &Federated{
		Issuer: issuer,
		Save: func() error {
			if full {
				return errFull
			}
			*kept = issuer.Refresh.Secret
			return nil
		},
		Reload: func() (bool, error) {
			if theirs == nil {
				return false, nil
			}
			provider := issuer.Provider
			issuer.Session = *theirs
			issuer.Provider = provider
			return true, nil
		},
	}, kept
}

// A session without a refresh token goes on until its token ends, though nothing new can be had before.
func TestRenewEndsNothingThatIsGood(t *testing.T) {
	for life, want := range map[time.Duration]bool{time.Hour: false, -time.Hour: true} {
		ended := false
		f := &Federated{
			Issuer: &oidc.Client{Session: *session("", life), Now: time.Now},
			Save:   func() error { return nil }, End: func() { ended = true },
		}
		if err := f.renew(t.Context()); !errors.Is(err, ErrEnded) || ended != want || (f.Issuer.Access.Secret == "") != want {
			t.Errorf("%s: %v, ended: %v, %q", life, err, ended, f.Issuer.Access.Reveal())
		}
	}
}

// A token goes to the API server that it is for. Where an unverified Supervisor says that this is, only with a person.
func TestHold(t *testing.T) {
	const server = "https://10.0.0.9:6443"
	for _, cluster := range []string{"", "ns/c"} {
		for _, unverified := range []bool{false, true} {
			f := &Federated{Issuer: &oidc.Client{Unverified: unverified}}
			held := f.hold(tokens.Key{Server: "10.0.0.1", User: "u", Cluster: cluster}, server, "t")
			_, alone := held.Permit(server+"/x", disclose.Over{Verified: true})
			_, attended := held.Permit(server+"/x", disclose.Over{Attended: true})
			_, front := held.Permit("https://10.0.0.1/x", disclose.Over{Verified: true, Attended: true})
			if (alone == nil) == unverified || attended != nil || front == nil {
				t.Errorf("%q, unverified %t: %v, %v, %v", cluster, unverified, alone, attended, front)
			}
		}
	}
}

// An answer that may pass is noted, and then nobody asks; an error of the network, a refusal and a good answer are none.
func TestUnlessPaused(t *testing.T) {
	paused := errors.New("paused")
	said := func(status int, code string) error { return &oidc.Error{Status: status, Code: code} }
	for name, tc := range map[string]struct {
		err                  error
		force, holds, before bool // before: there was a refresh
		want                 string
	}{
		"good":                          {want: "asked well"},
		"upstream down":                 {err: &oidc.RefreshError{Err: said(401, "error")}, want: "asked outage"},
		"an exchange that fails":        {err: said(503, "server_error"), want: "asked outage"},
		"a proxy":                       {err: &wire.Error{Status: 502, Kind: wire.ErrServer}, want: "asked outage"},
		"no answer":                     {err: &wire.Error{Kind: wire.ErrUnreachable}, want: "asked"},
		"an audience that is refused":   {err: said(400, "invalid_request"), want: "asked"},
		"ended":                         {err: &EndedError{oidc.ErrVoid}, want: "asked"},
		"a token that it gave just now": {err: said(401, "request_unauthorized"), before: true, want: "asked outage"},
		"a token that it gave long ago": {err: said(401, "request_unauthorized"), want: "asked"},
		"a moment after an outage":      {holds: true, want: ""},
		"a moment after, and forced":    {holds: true, force: true, want: "asked well"},
		"forced, and it is still so":    {err: said(503, ""), holds: true, force: true, want: "asked outage"},
	} {
		var did []string
		f := &Federated{
			Force: tc.force, renewed: tc.before, Well: func() { did = append(did, "well") },
			Outage: func(error) error { did = append(did, "outage"); return paused },
			Paused: func() error {
				if tc.holds {
					return paused
				}
				return nil
			},
		}
		err := f.unlessPaused(func() error { did = append(did, "asked"); return tc.err })
		if got := strings.Join(did, " "); got != tc.want || (err == paused) != (tc.want == "" || strings.HasSuffix(tc.want, "outage")) {
			t.Errorf("%s: %s, not %s: %v", name, got, tc.want, err)
		}
	}
}
