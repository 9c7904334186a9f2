package registrycmd_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

func TestAdd(t *testing.T) {
	r := signedIn(t)
	r.Run("registry", "add", "https://"+host+"/").Exits(failure.OK).
		Says("Added docker-credential-vsphere", host+" takes your login as "+consoletest.User, "docker push "+host+"/").Omits("tokenreview$", token)
	if got := r.record(t); got.Username != asToken || got.Server != supervisor || got.AuthMode != registry.HTTPAuth {
		t.Errorf("%+v", got)
	}
	if text := r.ReadFile(dockerFile); !strings.Contains(text, entry) {
		t.Error(text)
	}
	if diff := cmp.Diff([]string{asToken + ":" + token}, r.harbor.Secrets()); diff != "" {
		t.Error(diff)
	}
	r.Run("registry", "ca", host, "--install").Exits(failure.OK)
	r.Run("registry", "add", host).Exits(failure.OK).Omits("Entered", "warning")
}

func TestAddLeavesDockersFile(t *testing.T) {
	r := signedIn(t)
	r.Run("registry", "add", host, "--no-configure").Exits(failure.OK).Says("takes your login")
	if text := r.ReadFile(dockerFile); text != "" {
		t.Error(text)
	}
}

// Another helper gives way to --force only, and a file that is not JSON stays.
func TestAddAndDockersFile(t *testing.T) {
	r := signedIn(t)
	r.WriteFile(dockerFile, `{"credHelpers": {"10.0.0.5": "pass"}}`, 0o600)
	r.Run("registry", "add", host).Exits(failure.Failed).Says("pass", "--force")
	if text := r.ReadFile(dockerFile); !strings.Contains(text, `"pass"`) {
		t.Error(text)
	}
	r.Run("registry", "add", host, "--force").Exits(failure.OK)
	if text := r.ReadFile(dockerFile); !strings.Contains(text, entry) {
		t.Error(text)
	}
	r.WriteFile(dockerFile, `not JSON`, 0o600)
	r.Run("registry", "add", host).Exits(failure.Failed).Says("could not be added to docker's config", entry)
	if text := r.ReadFile(dockerFile); text != "not JSON" {
		t.Error(text)
	}
}

func TestAddWithoutALogin(t *testing.T) {
	r := newRig(t)
	r.Run("registry", "add", host).Exits(failure.Failed).Says("not logged in", "kubectl vsphere login --server SUPERVISOR")
	r.SignIn(supervisor)
	r.Run("registry", "add", host, "--server", "10.0.0.2", "-u", "eve").Exits(failure.Failed).Says("kubectl vsphere login --server 10.0.0.2 -u eve")
	r.Run("registry", "add", host, "-u", "eve").Exits(failure.Failed).Says("not logged in")
}

// A registry that proves nothing is sent nothing, until a person names it.
func TestAddUnproven(t *testing.T) {
	r := signedIn(t)
	r.harbor.Endpoint = "https://10.9.9.9/wcp/login"
	r.Run("registry", "add", host).Exits(failure.Failed).Says("10.9.9.9", "--send-token-to "+host)
	if sent := r.harbor.Secrets(); len(sent) > 0 || r.record(t).Host != "" {
		t.Errorf("%q %+v", sent, r.record(t))
	}
	r.Run("registry", "add", host, "--send-token-to", host).Exits(failure.OK).Says("takes your login")
	if got := r.record(t); !got.SendToken {
		t.Errorf("%+v", got)
	}
	r.Run("registry", "add", host).Exits(failure.OK) // That was said once.
}

func TestAddUntrusted(t *testing.T) {
	r := signedIn(t)
	ca := consoletest.NewCA(t, "harbor-ca")
	r.Serve(host+":443", ca, r.harbor)
	r.Run("registry", "add", host).Exits(failure.Server).Says("harbor-ca", "--certificate-authority", "certs.d/"+host)
	file := r.WriteFile("harbor.pem", ca.PEM, 0o600)
	r.Run("registry", "add", host, "--certificate-authority", file).Exits(failure.Failed).Says("CA that you gave for it")
	r.Run("registry", "add", host, "--certificate-authority", file, "--send-token-to", host).Exits(failure.OK)
	if r.record(t).CA != ca.PEM {
		t.Error("the CA is not kept")
	}
}

// A registry of the CA that was accepted for the Supervisor alone is asked about once. A job gives the CA.
func TestAddAfterAFirstUse(t *testing.T) {
	const too = "Trust it for 10.0.0.5 too?"
	r := signedIn(t)
	r.SignIn(supervisor, func(s *tokens.Session) {
		s.Trust = trust.Trust{Mode: trust.Pinned}.WithPin(supervisor+":443", r.CA.PEM)
	})
	r.Run("registry", "add", host).Exits(failure.Server).Says("shows a certificate of the CA that you trust for "+supervisor+" alone", "--certificate-authority FILE")
	r.Person(consoletest.Answer{To: too, Keys: ""})
	r.Run("registry", "add", host).Exits(failure.Failed).Says("the CA is not used")
	if len(r.harbor.Requests()) > 0 || r.record(t).Host != "" {
		t.Errorf("%q %+v", r.harbor.Requests(), r.record(t))
	}
	r.Person(consoletest.Answer{To: too, Keys: "y"})
	r.Run("registry", "add", host).Exits(failure.OK).Says(trust.Trust{CA: r.CA.PEM}.Fingerprints()[0], "takes your login")
	r.Nobody()
	r.Run("registry", "add", host).Exits(failure.OK)
	if result := r.Run("registry", "ca", host).Exits(failure.OK); r.record(t).CA != r.CA.PEM || result.Out != r.CA.PEM {
		t.Errorf("the CA is not remembered: %+v", r.record(t))
	}
	r.Run("registry", "remove", host).Exits(failure.OK)
	r.Run("registry", "add", host, "--certificate-authority", r.CAFile).Exits(failure.OK)
}

// What takes no token is no success, and what is no Harbor is most likely another address.
func TestAddWhatTakesNothing(t *testing.T) {
	r := signedIn(t)
	r.harbor.Logins = nil
	r.Run("registry", "add", host).Exits(failure.Failed).Says("does not take your login", "registry robot create")
	if got := r.record(t); got.Reason != registry.ReasonRefused {
		t.Errorf("%+v", got)
	}
	r.harbor.AuthMode = "db_auth"
	r.Run("registry", "add", host).Exits(failure.Failed).Says("db_auth", "docker login "+host)
	r.Serve("10.0.0.6:443", r.CA, http.NotFoundHandler())
	r.Run("registry", "add", "10.0.0.6").Exits(failure.Failed).Says("not a Harbor")
	if _, found, _ := r.records().Record("10.0.0.6"); found {
		t.Error("what is no Harbor is remembered")
	}
	r.Run("registry", "add", "10.0.0.7").Exits(failure.Server)
}

// What a client stored goes first, and is said.
func TestAddWithAStoredLogin(t *testing.T) {
	r := signedIn(t)
	r.store(t, "robot$ci")
	r.Run("registry", "add", host).Exits(failure.OK).Says("use the login of robot$ci", "docker logout "+host)
	r.store(t, "ada", func(l *registry.Login) { l.Fetched = true })
	r.Run("registry", "add", host).Exits(failure.OK).Says("takes your login as ada")
}

// With several logins the one that the registry belongs to is found; whose token an unproven one gets is for the person to say.
func TestAddWithSeveralLogins(t *testing.T) {
	r := signedIn(t)
	other := r.SignIn("10.0.0.2", func(s *tokens.Session) {
		s.User, s.Trust, s.Updated = "eve@vsphere.local", trust.Trust{Mode: trust.Bundle, CA: r.CA.PEM}, r.Now().Add(1)
	})
	r.Run("registry", "add", host).Exits(failure.OK).Says("takes your login as " + consoletest.User)
	r.Run("registry", "remove", host).Exits(failure.OK)
	r.harbor.Forget()
	r.harbor.Endpoint = ""
	r.Run("registry", "add", host, "--send-token-to", host).Exits(failure.Usage).
		Says("--server "+supervisor+" -u "+consoletest.User, "--server 10.0.0.2 -u "+other.User)
	if sent := r.harbor.Secrets(); len(sent) > 0 {
		t.Errorf("%q", sent)
	}
	r.harbor.Endpoint = "https://" + supervisor + "/wcp/login"
	r.Run("registry", "add", host, "--send-token-to", host).Exits(failure.OK)
	r.harbor.Endpoint = ""
	r.Run("registry", "add", host).Exits(failure.OK) // The login of the last time.
	r.Run("registry", "add", host, "--send-token-to", host, "-u", "EVE@vsphere.local").Exits(failure.Failed).Says("does not take your login")
	if got := r.record(t); got.User != other.User {
		t.Errorf("%+v", got)
	}
}

// What keeps clients from the helper is said.
func TestAddWarns(t *testing.T) {
	r := signedIn(t)
	delete(r.Programs, "docker-credential-vsphere")
	r.Vars["DOCKER_AUTH_CONFIG"] = "{}"
	r.Run("registry", "add", host).Exits(failure.OK).Says("warning: docker-credential-vsphere is not on PATH", "install-helper", "DOCKER_AUTH_CONFIG")
}
