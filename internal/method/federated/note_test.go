package federated

import (
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Only who must log in again by hand is told when.
func TestEndNote(t *testing.T) {
	command := tokens.Session{PasswordCommand: []string{"/bin/pass"}}
	for name, tc := range map[string]struct {
		issuer oidc.Session
		s      tokens.Session
		want   bool
	}{
		"by a browser":                          {oidc.Session{Flow: "browser"}, tokens.Session{}, true},
		"with a refresh token":                  {oidc.Session{Flow: "browser", Refresh: redact.Stored{Secret: "r"}}, tokens.Session{}, false},
		"by a password":                         {oidc.Session{Flow: "password"}, tokens.Session{}, true},
		"by a password of a command":            {oidc.Session{Flow: "password"}, command, false},
		"by a password of the keychain":         {oidc.Session{Flow: "password"}, tokens.Session{Keychain: true}, false},
		"by a browser, with another's password": {oidc.Session{Flow: "browser"}, command, true},
		"by a runner":                           {oidc.Session{TokenFile: "f"}, tokens.Session{}, false},
	} {
		m := &Method{Sessions: &session.Sessions{Env: &console.Env{Now: time.Now}}}
		a := &attempt{discovery: discovery{Method: m, issuer: &oidc.Client{Session: tc.issuer}}}
		if note := a.endNote(tc.s); (note != "") != tc.want {
			t.Errorf("%s: %q", name, note)
		}
	}
}
