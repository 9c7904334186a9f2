package registryaccess_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry/harbor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// managed is a site whose person manages the project team-a, and a record of its registry.
func managed(t *testing.T) (*site, registry.Record) {
	s := newSite(t)
	s.harbor.Managers[consoletest.User] = consoletest.Password
	s.harbor.Projects = []string{"team-a"}
	return s, registry.Record{Host: host, Server: supervisor, User: consoletest.User, AuthMode: registry.HTTPAuth, Username: asToken}
}

// list is work that needs a manager.
func (s *site) list(r registry.Record) (err error) {
	s.do(func(ctx context.Context, a *registryaccess.Access) {
		err = a.Manage(ctx, r, func(ctx context.Context, c *harbor.Client, by harbor.Login) error {
			_, err := c.Robots(ctx, by, "team-a")
			return err
		})
	})
	return err
}

func TestManageByThePassword(t *testing.T) {
	s, r := managed(t)
	s.Vars[failure.PasswordVariable] = consoletest.Password
	if err := s.list(r); err != nil {
		t.Fatal(err)
	}
	if sent := s.harbor.Secrets(); len(sent) == 0 || sent[0] != consoletest.User+":"+consoletest.Password {
		t.Errorf("%q", sent)
	}
}

// The password goes to a registry with the CA of a first use only if a person said that the CA counts for it.
func TestManageAfterAFirstUse(t *testing.T) {
	s, r := managed(t)
	s.Vars[failure.PasswordVariable] = consoletest.Password
	accepted(&s.session)
	if _, err := s.Store().SaveSession(s.session); err != nil {
		t.Fatal(err)
	}
	if err := s.list(r); !errors.As(err, new(*registryaccess.UnaskedCAError)) || len(s.harbor.Secrets()) > 0 {
		t.Errorf("%v, %q", err, s.harbor.Secrets())
	}
	r.CA = s.CA.PEM
	if err := s.list(r); err != nil {
		t.Error(err)
	}
}

func TestManageAsksAPerson(t *testing.T) {
	s, r := managed(t)
	s.Person(consoletest.Answer{To: "Password of " + consoletest.User + " for " + host, Keys: consoletest.Password})
	if err := s.list(r); err != nil {
		t.Error(err)
	}
}

// A password goes to no registry that is not proven to be of the site, whatever was said of the token.
func TestManageUnproven(t *testing.T) {
	s, r := managed(t)
	s.Vars[failure.PasswordVariable] = consoletest.Password
	s.harbor.Endpoint = "https://10.9.9.9/wcp/login"
	r.SendToken = true
	err := s.list(r)
	var unproven *registryaccess.UnprovenError
	if !errors.As(err, &unproven) || !strings.Contains(err.Error(), "your password is not sent to "+host) || failure.NextStep(err) == "" {
		t.Error(err)
	}
	if sent := s.harbor.Secrets(); len(sent) > 0 {
		t.Errorf("%q", sent)
	}
}

func TestManageRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*site)
		want   error
		says   string
	}{
		"a wrong password": {func(s *site) { s.harbor.Managers[consoletest.User] = "another" }, wire.ErrRefused, "was refused"},
		"no rights": {func(s *site) {
			s.harbor.Managers, s.harbor.Members = nil, map[string]string{consoletest.User: consoletest.Password}
		}, wire.ErrForbidden, "Ask an editor or owner"},
		"a broken registry": {func(s *site) { s.harbor.Replies["GET /api/v2.0/systeminfo"] = consoletest.Status(502, "no") }, wire.ErrServer, "502"},
	} {
		s, r := managed(t)
		s.Vars[failure.PasswordVariable] = consoletest.Password
		c.change(s)
		err := s.list(r)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error()+failure.NextStep(err), c.says) {
			t.Errorf("%s: %v; %s", name, err, failure.NextStep(err))
		}
	}
}

// A refused password is not sent again: vCenter counts refusals wherever they come from.
func TestManageRefusedOnce(t *testing.T) {
	s, r := managed(t)
	s.Vars[failure.PasswordVariable] = "wrong"
	_ = s.list(r)
	before := len(s.harbor.Secrets())
	err := s.list(r)
	if before == 0 || len(s.harbor.Secrets()) != before || !errors.Is(err, wire.ErrRefused) {
		t.Errorf("%d, then %q: %v", before, s.harbor.Secrets(), err)
	}
	if !strings.Contains(failure.NextStep(err), "kubectl vsphere login --server "+supervisor) {
		t.Error(failure.NextStep(err))
	}
}

// Harbor shows a public project to whoever it does not know, so the second request is the first that is refused. Both count.
func TestManageAPublicProject(t *testing.T) {
	s, r := managed(t)
	s.harbor.Replies["GET /api/v2.0/projects/team-a"] = consoletest.Reply(`{"project_id":7}`)
	for i := range 4 {
		s.Vars[failure.PasswordVariable] = fmt.Sprint("wrong", i) // Each time another one.
		if err := s.list(r); err == nil {
			t.Error("no error")
		}
	}
	if n := len(s.harbor.Secrets()); n != 4 {
		t.Errorf("%d requests with wrong passwords", n)
	}
}

// A front between here and Harbor may answer anything after the refusal was counted.
func TestManageBehindAFront(t *testing.T) {
	page := func(status int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)
		}
	}
	for name, answer := range map[string]http.HandlerFunc{
		"a firewall's 403":   page(http.StatusForbidden, "<h1>Forbidden</h1>"),
		"a front's 409":      page(http.StatusConflict, ""),
		"a login page":       page(http.StatusOK, "<form>"),
		"a gateway's 504":    page(http.StatusGatewayTimeout, ""),
		"another page's 404": page(http.StatusNotFound, ""),
	} {
		s, r := managed(t)
		s.harbor.Replies["GET /api/v2.0/projects/team-a"] = consoletest.Reply(`{"project_id":7}`)
		s.harbor.Replies["GET /api/v2.0/robots"] = answer
		for i := range 6 {
			s.Vars[failure.PasswordVariable] = fmt.Sprint("wrong", i) // Each time another one.
			if err := s.list(r); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
		if n := len(s.harbor.Secrets()); n != 4 {
			t.Errorf("%s: %d requests with wrong passwords", name, n)
		}
	}
}

func TestManageWithoutAPassword(t *testing.T) {
	s, r := managed(t)
	if err := s.list(r); err == nil || !strings.Contains(failure.NextStep(err), failure.PasswordVariable) || len(s.harbor.Secrets()) > 0 {
		t.Errorf("%v; %s", err, failure.NextStep(err))
	}
	if err := s.Store().DeleteSession(s.session.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.list(r); err == nil || !strings.Contains(failure.NextStep(err), "kubectl vsphere login --server "+supervisor) {
		t.Errorf("a session that is gone: %v", err)
	}
}

// A user who logged in with an identity provider has no password of vCenter.
func TestManageByAnIdentityProvider(t *testing.T) {
	s, r := managed(t)
	s.methods = []session.Method{&exchanger{}}
	of := s.SignIn(supervisor, func(of *tokens.Session) { of.Method = "oidc" })
	if of.ID != s.session.ID {
		t.Fatal("another session")
	}
	if err := s.list(r); err == nil || !strings.Contains(err.Error(), "identity provider") || len(s.harbor.Secrets()) > 0 {
		t.Error(err)
	}
}

// A registry with accounts of its own is managed with what "docker login" stored, and never with a password of vCenter.
func TestManageByWhatIsStored(t *testing.T) {
	s, r := managed(t)
	s.Vars[failure.PasswordVariable] = consoletest.Password
	r.AuthMode, s.harbor.AuthMode = "db_auth", "db_auth"
	if err := s.list(r); err == nil || !strings.Contains(failure.NextStep(err), "docker login "+host) {
		t.Errorf("nothing is stored: %v", err)
	}
	login := registry.Login{Host: host, Username: "admin", Secret: redact.Stored{Secret: "Harbor12345"}}
	if err := s.records().SaveLogin(login); err != nil {
		t.Fatal(err)
	}
	s.harbor.Managers["admin"] = "Harbor12345"
	if err := s.list(r); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff("admin:Harbor12345", strings.Join(s.harbor.Secrets()[:1], "")); diff != "" {
		t.Error(diff)
	}
	login.Service, login.Secret = "pass", redact.Stored{}
	if err := s.records().SaveLogin(login); err != nil {
		t.Fatal(err)
	}
	if err := s.list(r); err == nil || !strings.Contains(err.Error(), "docker-credential-pass") {
		t.Error(err)
	}
}
