package session_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// names are those of sources, and "withheld" for one that is not asked.
func names(ctx context.Context, sources []secret.Source) (all []string) {
	for _, s := range sources {
		name := s.Name
		if s.Kind != secret.Typed {
			var none *secret.NoneError
			if _, err := s.Get(ctx); errors.As(err, &none) && strings.HasPrefix(none.Reason, "it is not ") {
				name = "withheld " + name
			}
		}
		all = append(all, name)
	}
	return all
}

const (
	variable = failure.PasswordVariable
	command  = "the password command"
	terminal = "the terminal"
	withheld = "withheld " + variable
)

// Where a password comes from: where a flag says, and nowhere else; or a variable, what the last login left, and a person.
func TestLoginSources(t *testing.T) {
	last := tokens.Session{User: consoletest.User, PasswordCommand: []string{"/bin/true"}}
	insecure := last
	insecure.Trust.Mode = trust.Insecure
	set := map[string]string{variable: "x"}
	for name, tc := range map[string]struct {
		o      session.PasswordOptions
		last   tokens.Session
		vars   map[string]string
		person bool
		want   []string
	}{
		"stdin alone":                 {session.PasswordOptions{Stdin: true}, last, set, true, []string{"standard input"}},
		"the command alone":           {session.PasswordOptions{Command: []string{"/bin/true"}}, tokens.Session{}, set, true, []string{command}},
		"all that there is":           {session.PasswordOptions{}, last, set, true, []string{variable, command, terminal}},
		"a command that is taken off": {session.PasswordOptions{CommandSet: true}, last, nil, true, []string{terminal}},
		"a variable of the user":      {session.PasswordOptions{}, tokens.Session{User: "Dev"}, map[string]string{variable: "x", failure.UsernameVariable: "dev"}, false, []string{variable}},
		"a variable of another user":  {session.PasswordOptions{}, last, map[string]string{variable: "x", failure.UsernameVariable: "ops"}, false, []string{"withheld " + variable, command}},
		"without trust":               {session.PasswordOptions{}, insecure, set, true, []string{variable, "withheld " + command, terminal}},
		"nothing":                     {session.PasswordOptions{}, tokens.Session{}, nil, false, nil},
	} {
		w := consoletest.New(t)
		for k, v := range tc.vars {
			w.Vars[k] = v
		}
		if tc.person {
			w.Person()
		}
		w.Do(func(ctx context.Context, e *console.Env) {
			got, err := session.LoginSources(e, tc.o, tc.last)
			if diff := cmp.Diff(tc.want, names(ctx, got)); diff != "" || (err == nil) != (tc.want != nil) {
				t.Errorf("%s: %v %s", name, err, diff)
			}
		})
	}
}

// A renewal looks where nobody is asked first. The variable's password is sent for one account only, and never without trust.
func TestRenewalSources(t *testing.T) {
	of := tokens.Session{Server: "10.0.0.1", User: consoletest.User, Account: "vc dev"}
	insecure := of
	insecure.Trust.Mode = trust.Insecure
	byCommand := of
	byCommand.PasswordCommand = []string{"/bin/true"}
	sameName := tokens.Session{Server: "10.0.2.1", User: consoletest.User, Account: "another vc dev"}
	// A token is not verified: what it says of issuer and subject once made these one account. This one also names the other as its host.
	liar := tokens.Session{Server: "10.0.6.6", User: consoletest.User, Account: "vc dev", Hosts: []string{"10.0.6.6", "10.0.0.1"}}
	sameClaims := tokens.Session{Server: "10.0.6.7", User: consoletest.User, Account: "vc dev", Hosts: []string{"10.0.6.7"}}
	site := tokens.Session{Server: "10.0.0.1", User: consoletest.User, Hosts: []string{"10.0.0.1", "10.0.2.1"}}
	hostOf := tokens.Session{Server: "10.0.2.1", User: consoletest.User, Hosts: []string{"10.0.2.1"}}
	twin := tokens.Session{Server: "10.0.2.1", User: consoletest.User, Hosts: site.Hosts}
	// Each verifies the host of both by another CA: for one of them, the other's host may be somebody in between.
	pinned := func(s tokens.Session, ca string) tokens.Session {
		s.Trust = trust.Trust{Mode: trust.Pinned, Pins: map[string]string{"10.0.2.1:443": ca}}
		return s
	}
	ops := tokens.Session{Server: "10.0.2.1", User: "ops@vsphere.local", Account: "vc ops"}
	set := map[string]string{variable: "x"}
	named := map[string]string{variable: "x", failure.UsernameVariable: "DEV@vsphere.local"}
	for name, tc := range map[string]struct {
		of     tokens.Session
		others []tokens.Session
		vars   map[string]string
		person bool
		want   []string
	}{
		"nothing":                              {of, nil, nil, false, nil},
		"a person":                             {of, nil, nil, true, []string{terminal}},
		"the only account":                     {of, nil, set, false, []string{variable}},
		"a command as well":                    {byCommand, nil, set, true, []string{variable, command, terminal}},
		"another account":                      {of, []tokens.Session{ops}, set, false, []string{withheld}},
		"another account, and a name":          {of, []tokens.Session{ops}, named, false, []string{variable}},
		"the name in two vCenters":             {of, []tokens.Session{sameName}, named, false, []string{withheld}},
		"the name of somebody else":            {of, nil, map[string]string{variable: "x", failure.UsernameVariable: "ops"}, false, []string{withheld}},
		"without trust":                        {insecure, nil, set, true, []string{withheld, terminal}},
		"for a server that claims the account": {liar, []tokens.Session{of}, set, false, []string{withheld}},
		"the same, and the name":               {liar, []tokens.Session{of}, named, false, []string{withheld}},
		"beside a server that claims it":       {of, []tokens.Session{liar}, named, false, []string{variable}},
		"beside a server that claims less":     {of, []tokens.Session{sameClaims}, named, false, []string{withheld}},
		"a host of the only site":              {hostOf, []tokens.Session{site}, set, false, []string{variable}},
		"a site beside its host":               {site, []tokens.Session{hostOf}, set, false, []string{withheld}},
		"two Supervisors of one vCenter":       {twin, []tokens.Session{site}, named, false, []string{variable}},
		"one CA for the host of both":          {pinned(hostOf, "a"), []tokens.Session{pinned(site, "a")}, set, false, []string{variable}},
		"another CA for the host of both":      {pinned(hostOf, "a"), []tokens.Session{pinned(site, "b")}, set, false, []string{withheld}},
		"the other of the two":                 {site, []tokens.Session{twin}, named, false, []string{variable}},
	} {
		w := consoletest.New(t)
		for k, v := range tc.vars {
			w.Vars[k] = v
		}
		for _, s := range append(tc.others, tc.of) {
			if _, err := w.Store().SaveSession(s); err != nil {
				t.Fatal(err)
			}
		}
		if tc.person {
			w.Person()
		}
		w.Do(func(ctx context.Context, e *console.Env) {
			sessions := &session.Sessions{Env: e, Store: w.Store()}
			if diff := cmp.Diff(tc.want, names(ctx, sessions.RenewalSources(tc.of, "Password: "))); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		})
	}
}

// service is a login method of which only the name is known, and for vCenter also that it sends vCenter's password.
type service struct {
	session.Method
	name string
}

func (s service) Name() string { return s.name }

// Facts says that the issuer is verified by what the session keeps.
func (s service) Facts(of tokens.Session) (session.Facts, error) {
	return session.Facts{IssuerCA: string(of.Renewal)}, nil
}

type vCenter struct{ service }

func (vCenter) SendPassword(context.Context, tokens.Session, string, secret.Sender) error { return nil }

// There is one variable for the passwords of vCenter and of identity providers: it is sent only where every session that it may belong to
// sends its password.
func TestVariableOfTwoServices(t *testing.T) {
	byCA := func(ca string) trust.Trust { return trust.Trust{Mode: trust.Pinned, CA: ca} }
	at := func(method, server, issuer, ca string) tokens.Session {
		return tokens.Session{Server: server, User: consoletest.User, Method: method, Account: issuer + " dev@vsphere.local", Hosts: []string{server}, Trust: byCA(ca)}
	}
	sso, oidc := at("sso", "10.0.0.1", "10.0.0.1", "A"), at("oidc", "10.0.2.1", "https://10.0.2.1/", "A")
	sameIssuer := at("oidc", "10.0.3.1", "https://10.0.2.1/", "A")
	otherCA := at("oidc", "10.0.3.1", "https://10.0.2.1/", "B")
	pinned := sameIssuer
	pinned.Trust.Pins = map[string]string{"10.0.2.1:443": "B"}
	otherIssuer := at("oidc", "10.0.3.1", "https://10.0.3.1/", "A")
	claimsHost := at("oidc", "10.0.3.1", "https://10.0.3.1/", "A")
	claimsHost.Hosts = append(claimsHost.Hosts, "10.0.2.1")
	system, unverified, nothing := sameIssuer, oidc, claimsHostsOf(sso, "10.0.5.1")
	system.Trust, unverified.Trust = trust.Trust{Mode: trust.System}, trust.Trust{Mode: trust.Insecure}
	bySystem := sso
	bySystem.Trust, nothing.Trust = system.Trust, trust.Trust{Mode: trust.Pinned}
	namesVCenter := oidc
	namesVCenter.Hosts = append([]string{"10.0.0.1"}, oidc.Hosts...)
	claimsSSO := sso
	claimsSSO.Hosts = append([]string{"10.0.2.1"}, sso.Hosts...)
	ownCA, sameCA, anotherCA := oidc, sameIssuer, sameIssuer
	ownCA.Renewal, sameCA.Renewal, anotherCA.Renewal = redact.JSON(`"one"`), redact.JSON(`"one"`), redact.JSON(`"two"`)
	unknown := at("future", "10.0.4.1", "10.0.4.1", "A")
	ops := otherIssuer
	ops.User = "ops@vsphere.local"
	for name, tc := range map[string]struct {
		of, other tokens.Session
		unnamed   bool // also sent if no variable names the user
		sent      bool // if one does
	}{
		"vCenter alone":                              {sso, sso, true, true},
		"a provider alone":                           {oidc, oidc, true, true},
		"vCenter beside a provider":                  {sso, oidc, false, false},
		"a provider beside vCenter":                  {oidc, sso, false, false},
		"a provider that vCenter's hosts include":    {oidc, claimsSSO, false, false},
		"vCenter that a provider's hosts include":    {sso, namesVCenter, false, false},
		"the same issuer, named by nobody verified":  {system, unverified, false, false},
		"a host that the other one cannot verify":    {bySystem, nothing, false, false},
		"one issuer of two Supervisors":              {oidc, sameIssuer, true, true},
		"the same, and another CA":                   {oidc, otherCA, false, false},
		"a Supervisor with another CA, the same":     {otherCA, oidc, false, false},
		"a CA of its own for the issuer":             {pinned, oidc, false, false},
		"one CA of the issuer":                       {ownCA, sameCA, true, true},
		"another CA of the issuer":                   {ownCA, anotherCA, false, false},
		"no CA of the issuer":                        {ownCA, sameIssuer, false, false},
		"two issuers":                                {oidc, otherIssuer, false, false},
		"a host of the other Supervisor":             {oidc, claimsHost, false, false},
		"a provider that claims the other as a host": {claimsHost, oidc, false, false},
		"another user of another issuer":             {oidc, ops, false, true},
		"vCenter beside an unknown method":           {sso, unknown, false, false},
		"an unknown method beside vCenter":           {unknown, sso, false, false},
	} {
		w := consoletest.New(t)
		for _, s := range []tokens.Session{tc.of, tc.other} {
			if _, err := w.Store().SaveSession(s); err != nil {
				t.Fatal(err)
			}
		}
		for user, want := range map[string]bool{"": tc.unnamed, consoletest.User: tc.sent} {
			w.Vars[variable], w.Vars[failure.UsernameVariable] = "x", user
			sessions := &session.Sessions{Env: w.Env(), Store: w.Store(), Methods: []session.Method{vCenter{service{name: "sso"}}, service{name: "oidc"}}}
			if got := sessions.RenewalSources(tc.of, ""); len(got) != 1 || (names(t.Context(), got)[0] == variable) != want {
				t.Errorf("%s, for %q: %q", name, user, names(t.Context(), got))
			}
		}
	}
}

// The variable is for the name that a person types. With what an issuer calls them, a hostile one would get the password of another person.
func TestVariableOfTheNameThatIsTyped(t *testing.T) {
	of := tokens.Session{Server: "10.0.2.1", User: consoletest.User, Login: "alice", Method: "oidc", Account: "https://10.0.2.1/ alice"}
	for user, sent := range map[string]bool{consoletest.User: false, "alice": true, "ALICE": true} {
		w := consoletest.New(t)
		if _, err := w.Store().SaveSession(of); err != nil {
			t.Fatal(err)
		}
		w.Vars[variable], w.Vars[failure.UsernameVariable] = "x", user
		sessions := &session.Sessions{Env: w.Env(), Store: w.Store(), Methods: []session.Method{service{name: "oidc"}}}
		if got := sessions.RenewalSources(of, ""); len(got) != 1 || (names(t.Context(), got)[0] == variable) != sent {
			t.Errorf("%s: %q", user, names(t.Context(), got))
		}
	}
}

// claimsHostsOf is a session at another Supervisor, which names the servers of this one as control plane hosts.
func claimsHostsOf(s tokens.Session, server string) tokens.Session {
	s.Hosts, s.Server = append([]string{server}, s.Hosts...), server
	return s
}

// Editors and shells add line ends to a name too.
func TestNamedUser(t *testing.T) {
	for text, want := range map[string]string{"": "", "dev": "dev", "dev\n": "dev", "dev\r\n": "dev", "\ufeffdev": "dev", "dev\nops": "dev\nops"} {
		w := consoletest.New(t)
		w.Vars[failure.UsernameVariable] = text
		if got := session.NamedUser(w.Env()); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// Whoever set the variable learns why it is not used.
func TestWhyThePasswordIsWithheld(t *testing.T) {
	of := tokens.Session{Server: "10.0.0.1", User: consoletest.User}
	other := tokens.Session{Server: "10.0.2.1", User: consoletest.User}
	for name, tc := range map[string]struct {
		user   string
		others []tokens.Session
		want   string
	}{
		"another user":       {"ops", nil, failure.UsernameVariable + " names another user"},
		"another Supervisor": {"", []tokens.Session{other}, consoletest.User + " at 10.0.2.1; set " + failure.UsernameVariable},
	} {
		w := consoletest.New(t)
		for _, s := range append(tc.others, of) {
			if _, err := w.Store().SaveSession(s); err != nil {
				t.Fatal(err)
			}
		}
		w.Vars[variable], w.Vars[failure.UsernameVariable] = "x", tc.user
		sources := (&session.Sessions{Env: w.Env(), Store: w.Store()}).RenewalSources(of, "")
		if _, err := sources[0].Get(t.Context()); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A file of the store that cannot be read may be of another account, also of one with the same name: then the variable is for nobody.
func TestUnreadableSession(t *testing.T) {
	w := consoletest.New(t)
	of := tokens.Session{Server: "10.0.0.1", User: consoletest.User, Account: "vc dev"}
	if _, err := w.Store().SaveSession(of); err != nil {
		t.Fatal(err)
	}
	w.WriteFile("store/sessions/junk.json", "junk", 0o600)
	w.Vars[variable] = "x"
	sessions := func() *session.Sessions { return &session.Sessions{Env: w.Env(), Store: w.Store()} }
	if got := names(t.Context(), sessions().RenewalSources(of, "")); !slices.Equal(got, []string{withheld}) {
		t.Errorf("%q", got)
	}
	w.Vars[failure.UsernameVariable] = consoletest.User
	if got := names(t.Context(), sessions().RenewalSources(of, "")); !slices.Equal(got, []string{withheld}) {
		t.Errorf("%q", got)
	}
}
