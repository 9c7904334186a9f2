package registryaccess_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess/harbortest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// exchanger is an identity provider that makes tokens for one client. All else of a method is a mistake.
type exchanger struct {
	session.Method
	audience string
	token    redact.Secret
	err      error
	asked    int
}

func (*exchanger) Name() string { return "oidc" }

func (x *exchanger) TokenFor(_ context.Context, _ tokens.Session, audience string) (redact.Secret, error) {
	x.asked++
	if x.err == nil && audience != x.audience {
		return "", errors.New("no such client: " + audience)
	}
	return x.token, x.err
}

// byProvider is a site whose person and whose Harbor are known by one identity provider.
func byProvider(t *testing.T) (*site, *exchanger) {
	s := newSite(t, func(of *tokens.Session) { of.Method = "oidc" })
	x := &exchanger{audience: "harbor-client", token: "id-token"}
	s.methods = []session.Method{x}
	s.harbor.AuthMode, s.harbor.Endpoint = registry.OIDCAuth, ""
	s.harbor.People["id-token"] = harbortest.Person{Name: "ada", CLISecret: "cli-secret"}
	s.harbor.Logins["ada"] = "cli-secret"
	return s, x
}

var named = registry.Record{Host: host, SendToken: true, Audience: "harbor-client"}

func TestCLISecretIsFetchedAndKept(t *testing.T) {
	s, _ := byProvider(t)
	got, err := s.examine(named)
	if err != nil || got.Reason != registry.ReasonCLISecret || got.Username != "" {
		t.Errorf("%+v, %v", got, err)
	}
	l, found, err := s.records().Login(host)
	if err != nil || !found || l.Username != "ada" || l.Secret.Secret != "cli-secret" || !l.Fetched {
		t.Errorf("%+v, %v, %v", l, found, err)
	}
	if diff := cmp.Diff([]string{"id-token", "ada:cli-secret"}, s.harbor.Secrets()); diff != "" {
		t.Error(diff)
	}
	s.harbor.People["id-token"], s.harbor.Logins["ada"] = harbortest.Person{Name: "ada", CLISecret: "newer"}, "newer"
	if _, err := s.examine(named); err != nil {
		t.Error(err)
	}
	if l, _, _ := s.records().Login(host); l.Secret.Secret != "newer" {
		t.Error("a secret that was fetched is not fetched anew")
	}
}

// What a client stored is the person's choice.
func TestCLISecretLeavesWhatWasStored(t *testing.T) {
	s, x := byProvider(t)
	robot := registry.Login{Host: host, Username: "robot$ci", Secret: redact.Stored{Secret: "own"}}
	if err := s.records().SaveLogin(robot); err != nil {
		t.Fatal(err)
	}
	if _, err := s.examine(named); err != nil {
		t.Error(err)
	}
	if l, _, _ := s.records().Login(host); l.Username != "robot$ci" || x.asked > 0 || len(s.harbor.Secrets()) > 0 {
		t.Errorf("%+v, %d, %q", l, x.asked, s.harbor.Secrets())
	}
}

// Without a name or without a client ID no token is made.
func TestCLISecretNeedsBoth(t *testing.T) {
	for _, r := range []registry.Record{{Host: host, Audience: "harbor-client"}, {Host: host, SendToken: true}} {
		s, x := byProvider(t)
		got, err := s.examine(r)
		if err != nil || got.Reason != registry.ReasonAuthMode || x.asked > 0 || len(s.harbor.Secrets()) > 0 {
			t.Errorf("%+v: %+v, %v", r, got, err)
		}
	}
}

func TestCLISecretFails(t *testing.T) {
	ended := errors.New("the session has ended")
	for name, c := range map[string]struct {
		change func(*site, *exchanger)
		want   error
		step   string
	}{
		"the provider gives no token": {func(_ *site, x *exchanger) { x.err = ended }, ended, ""},
		"nobody of that token":        {func(s *site, _ *exchanger) { s.harbor.People = nil }, wire.ErrRefused, "Log in to its page https://10.0.0.5 once"},
		"the secret is not taken":     {func(s *site, _ *exchanger) { s.harbor.Logins = nil }, wire.ErrRefused, "Log in to its page https://10.0.0.5 once"},
		"it is ill": {func(s *site, _ *exchanger) {
			s.harbor.Replies["GET /api/v2.0/users/current"] = consoletest.Status(500, "no")
		}, wire.ErrServer, ""},
	} {
		s, x := byProvider(t)
		c.change(s, x)
		_, err := s.examine(named)
		if !errors.Is(err, c.want) || !strings.Contains(failure.NextStep(err), c.step) {
			t.Errorf("%s: %v, %q", name, err, failure.NextStep(err))
		}
		if _, found, _ := s.records().Login(host); found {
			t.Errorf("%s: something is kept", name)
		}
	}
}

// What was fetched ends with its session, and what a client stored does not.
func TestForgetFetched(t *testing.T) {
	s := newSite(t)
	for other, fetched := range map[string]bool{"a.lab": true, "b.lab": false, "c.lab": true, "unknown.lab": true} {
		if err := s.records().SaveLogin(registry.Login{Host: other, Username: "x", Secret: redact.Stored{Secret: "y"}, Fetched: fetched}); err != nil {
			t.Fatal(err)
		}
		if err := s.records().SaveRecord(registry.Record{Host: other, Server: map[bool]string{true: "stays", false: "ends"}[other == "c.lab"]}); err != nil {
			t.Fatal(err)
		}
	}
	if err := registryaccess.ForgetFetched(s.Store(), func(r registry.Record) bool { return r.Server == "ends" }); err != nil {
		t.Error(err)
	}
	left, _ := s.records().Logins()
	var hosts []string
	for _, l := range left {
		hosts = append(hosts, l.Host)
	}
	if diff := cmp.Diff([]string{"b.lab", "c.lab"}, hosts); diff != "" {
		t.Error(diff)
	}
}
