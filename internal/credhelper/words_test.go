package credhelper

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

func TestExplainHasWordsForEveryReason(t *testing.T) {
	said := map[string]registry.Reason{}
	for reason, want := range map[registry.Reason]string{
		registry.ReasonNotHarbor:  "docker login harbor.lab",
		registry.ReasonAuthMode:   "(oidc_auth)",
		registry.ReasonCLISecret:  "docker-credential-vsphere login harbor.lab",
		registry.ReasonNoToken:    "identity provider",
		registry.ReasonRefused:    "Harbor v2.12.2",
		registry.ReasonEndpoint:   `it asks "https://evil\x1b[2J" about users`,
		registry.ReasonUnverified: "does not verify",
		registry.ReasonOtherCA:    "the CA that you gave",
		registry.ReasonPublicCA:   "a public CA",
		registry.ReasonUnknown:    "kubectl vsphere registry add harbor.lab",
	} {
		r := registry.Record{Host: harbor, AuthMode: registry.OIDCAuth, Harbor: "v2.12.2", Endpoint: "https://evil\x1b[2J", Reason: reason}
		got := Explain(r)
		if !strings.Contains(got, want) || strings.ContainsAny(got, "\n\x1b") {
			t.Errorf("%s: %q", reason, got)
		}
		if other, twice := said[got]; twice {
			t.Errorf("%s and %s are %q", reason, other, got)
		}
		said[got] = reason
	}
}

// What earlier versions wrote as a reason is a sentence; there is one for people all the same, and it is ours.
func TestGetReadsARecordWithASentence(t *testing.T) {
	r := newRig(t)
	r.added(t)
	path := filepath.Join(r.Store.Dir, "registries", harbor+".json")
	text := `{"version":1,"host":"` + harbor + `","server":"10.0.0.1","user":"Dev@vsphere.local","reason":"it is no Harbor; type: touch x"}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := r.get(t, harbor); got != notFound {
		t.Error(got)
	}
	if said := r.said.String(); !strings.Contains(said, "type: kubectl vsphere registry add "+harbor) || strings.Contains(said, "touch x") {
		t.Error(said)
	}
}

func TestNotRenewedGoesByTheCode(t *testing.T) {
	const login = "type: kubectl vsphere login --server 10.0.0.1 -u Dev@vsphere.local"
	for name, tc := range map[string]struct {
		err  error
		want string
	}{
		"failed":      {&exitError{1}, "could not be renewed; " + login},
		"killed":      {&exitError{-1}, "could not be renewed; " + login},
		"usage":       {&exitError{2}, "install the same version of both"},
		"refused":     {&exitError{3}, "was refused; " + login},
		"server":      {&exitError{4}, "to see which, type: kubectl-vsphere get-token --server 10.0.0.1 --user Dev@vsphere.local"},
		"Ctrl-C":      {&exitError{130}, "was interrupted"},
		"too slow":    {&timeoutError{2 * time.Second}, "takes longer than 2s (DOCKER_CREDENTIAL_VSPHERE_TIMEOUT)"},
		"no program":  {errors.New("there is none"), "cannot be renewed: there is none"},
		"of no sense": {&exitError{42}, login},
	} {
		r := newRig(t)
		r.added(t)
		r.Renew = func(credfile.Key) error { return tc.err }
		if got := r.get(t, harbor); got != notFound {
			t.Errorf("%s: %s", name, got)
		}
		if said := r.said.String(); !strings.Contains(said, tc.want) || strings.Count(said, "\n") != 1 || !strings.Contains(said, "Dev@vsphere.local at 10.0.0.1") {
			t.Errorf("%s: %q", name, said)
		}
	}
}

// By an identity provider a login names no user. Without a session of that user it is as for the others at that server.
func TestTheLoginCommandIsThatOfTheSession(t *testing.T) {
	r := newRig(t)
	const either = "kubectl vsphere login --server 10.0.0.1 -u Dev@vsphere.local; or, for a name of the Supervisor's identity provider: " +
		"kubectl vsphere login --server 10.0.0.1 --auth-method oidc"
	for text, want := range map[string]string{
		`{"version":1,"server":"10.0.0.1","user":"dev@VSPHERE.local","method":"oidc"}`: "kubectl vsphere login --server 10.0.0.1 --auth-method oidc",
		`{"version":1,"server":"10.0.0.2","user":"Dev@vsphere.local","method":"oidc"}`: either,
		`{"version":1,"server":"10.0.0.1","user":"Dev@vsphere.local"}`:                 "kubectl vsphere login --server 10.0.0.1 -u Dev@vsphere.local",
		`{"version":1,"server":"10.0.0.1","user":"else@corp.example","method":"oidc"}`: "kubectl vsphere login --server 10.0.0.1 --auth-method oidc",
		`{"version":1,"server":"10.0.0.1","user":"else@corp.example","method":"sso"}`:  "kubectl vsphere login --server 10.0.0.1 -u Dev@vsphere.local",
		`garbage`: either,
	} {
		path := filepath.Join(r.Store.Dir, "sessions", "x.json")
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
		if got := r.loginCommand(devKey); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
	if err := os.Remove(filepath.Join(r.Store.Dir, "sessions", "x.json")); err != nil {
		t.Fatal(err)
	}
	key := devKey
	key.User = `CORP\it's me`
	if got, want := r.loginCommand(key), `kubectl vsphere login --server 10.0.0.1 -u 'CORP\it'\''s me'; or, `; !strings.HasPrefix(got, want) {
		t.Errorf("%s, want %s", got, want)
	}
	key.User = "corp:alice"
	if got, want := r.loginCommand(key), "kubectl vsphere login --server 10.0.0.1 --auth-method oidc"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for text, want := range map[string]string{ // What a logout leaves.
		`{"version":1,"server":"10.0.0.1","issuer":"https://10.0.0.1/wcp/pinniped"}`: "kubectl vsphere login --server 10.0.0.1 --auth-method oidc",
		`{"version":1,"server":"10.0.0.1"}`:                                          either,
		`{"version":1,"server":"10.0.0.2","issuer":"https://10.0.0.2"}`:              either,
	} {
		path := filepath.Join(r.Store.Dir, "sites", "10.0.0.1.json")
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
		if got := r.loginCommand(devKey); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// What other programs and files say reaches neither stream of a client as anything but text, one line for each message.
func TestMessagesAreHarmless(t *testing.T) {
	const evil = "x\x1b[31m\u202e\u200b\nFORGED \xff\u009b2J"
	r := newRig(t)
	var said bytes.Buffer
	h := New(r.Store, func(string) string { return evil }, &said)
	h.Now, h.Renew = r.Now, func(credfile.Key) error { return errors.New(evil) }
	h.Backing = func(string) Backing { return broken{errors.New(evil)} }
	r.added(t, func(rec *registry.Record) { rec.User, rec.Server, rec.Username = evil, evil, evil })
	if err := r.Store.SaveLogin(registry.Login{Host: "other.lab", Username: evil, Service: "other", URL: evil}); err != nil {
		t.Fatal(err)
	}
	if err := r.Store.UpdateSettings(func(s *registry.Settings) { s.Backing = "other" }); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{harbor, "other.lab", "unknown.lab", "http://" + harbor, evil} {
		for _, action := range []string{"get", "store", "erase", "list"} {
			in := url
			if action == "store" {
				in = stored(url, evil+"@vsphere.local", "s")
			}
			var out bytes.Buffer
			if err := credentials.HandleCommand(oneLine{h}, action, strings.NewReader(in), &out); err != nil {
				out.WriteString(err.Error() + "\n")
			}
			if !safetext.IsText(out.Bytes()) && action != "list" || strings.Contains(out.String(), "\nFORGED") { // JSON is for a program.
				t.Errorf("%s %q: %q", action, url, out.String())
			}
		}
	}
	if !safetext.IsText(said.Bytes()) || strings.Contains(said.String(), "\nFORGED") || !strings.Contains(said.String(), "FORGED") {
		t.Errorf("%q", said.String())
	}
}

// broken is a helper that only fails.
type broken struct{ err error }

func (b broken) Get(string) (username, secret string, err error) { return "", "", b.err }
func (b broken) Store(credentials.Credentials) error             { return b.err }
func (b broken) Erase(string) error                              { return b.err }
func (b broken) List() (map[string]string, error)                { return nil, b.err }
