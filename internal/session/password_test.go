package session_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// names are those of sources, and "withheld" for one that is not asked.
func names(ctx context.Context, sources []secret.Source) (all []string) {
	for _, s := range sources {
		name := s.Name
		if s.Kind != secret.Typed {
			var none *secret.NoneError
			if _, err := s.Get(ctx); errors.As(err, &none) && none.Reason == "it is not asked, since the server's certificate is not verified" {
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
		"a variable of another user":  {session.PasswordOptions{}, last, map[string]string{variable: "x", failure.UsernameVariable: "ops"}, false, []string{command}},
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
		"another account":                      {of, []tokens.Session{ops}, set, false, nil},
		"another account, and a name":          {of, []tokens.Session{ops}, named, false, []string{variable}},
		"the name in two vCenters":             {of, []tokens.Session{sameName}, named, false, nil},
		"the name of somebody else":            {of, nil, map[string]string{variable: "x", failure.UsernameVariable: "ops"}, false, nil},
		"without trust":                        {insecure, nil, set, true, []string{"withheld " + variable, terminal}},
		"for a server that claims the account": {liar, []tokens.Session{of}, set, false, nil},
		"the same, and the name":               {liar, []tokens.Session{of}, named, false, nil},
		"beside a server that claims it":       {of, []tokens.Session{liar}, named, false, []string{variable}},
		"beside a server that claims less":     {of, []tokens.Session{sameClaims}, named, false, nil},
		"a host of the only site":              {hostOf, []tokens.Session{site}, set, false, []string{variable}},
		"a site beside its host":               {site, []tokens.Session{hostOf}, set, false, nil},
		"two Supervisors of one vCenter":       {twin, []tokens.Session{site}, named, false, []string{variable}},
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

// A file of the store that cannot be read may be of another account: then the variable must name its user.
func TestUnreadableSession(t *testing.T) {
	w := consoletest.New(t)
	of := tokens.Session{Server: "10.0.0.1", User: consoletest.User, Account: "vc dev"}
	if _, err := w.Store().SaveSession(of); err != nil {
		t.Fatal(err)
	}
	w.WriteFile("store/sessions/junk.json", "junk", 0o600)
	w.Vars[variable] = "x"
	sessions := func() *session.Sessions { return &session.Sessions{Env: w.Env(), Store: w.Store()} }
	if got := sessions().RenewalSources(of, ""); len(got) > 0 {
		t.Errorf("%q", names(t.Context(), got))
	}
	w.Vars[failure.UsernameVariable] = consoletest.User
	if got := sessions().RenewalSources(of, ""); len(got) != 1 {
		t.Errorf("%q", names(t.Context(), got))
	}
}
