package session_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// People mean the session whose user is called so, and no other while there is one.
func TestNamed(t *testing.T) {
	at := func(server, user, identity string, names ...string) tokens.Session {
		return tokens.Session{ID: server + " " + user, Server: server, User: user, Identity: identity, Names: names}
	}
	dev, devElsewhere := at("a", "dev@vsphere.local", "dev@vsphere.local"), at("b", `VSPHERE.LOCAL\dev`, "")
	short := at("c", "dev", "dev@corp.example", "dev", `CORP\dev`)
	provider := tokens.Session{ID: "d", Server: "d", User: "ada@idp.example", Login: "ada"}
	for _, c := range []struct {
		user      string
		all, want []tokens.Session
	}{
		{"", []tokens.Session{dev, short}, []tokens.Session{dev, short}},
		{"DEV@vsphere.local", []tokens.Session{dev, devElsewhere, short}, []tokens.Session{dev, devElsewhere}},
		{`vsphere.local\dev`, []tokens.Session{dev, devElsewhere, short}, []tokens.Session{dev, devElsewhere}},
		{"dev", []tokens.Session{dev, devElsewhere, short}, []tokens.Session{short}},
		{"dev", []tokens.Session{dev, devElsewhere, provider}, []tokens.Session{dev, devElsewhere}},
		{"dev", []tokens.Session{dev, at("x", "dev@corp.example", "")}, nil},
		{`CORP\dev`, []tokens.Session{dev, short}, []tokens.Session{short}},
		{"dev@corp.example", []tokens.Session{dev, short}, []tokens.Session{short}},
		{"dev@other.example", []tokens.Session{dev, provider}, nil},
		{"admin", []tokens.Session{dev, short, provider}, nil},
		{"ada", []tokens.Session{dev, provider}, []tokens.Session{provider}},
		{"ada@idp.example", []tokens.Session{dev, provider}, []tokens.Session{provider}},
	} {
		if diff := cmp.Diff(c.want, session.Named(c.all, c.user)); diff != "" {
			t.Errorf("%q: %s", c.user, diff)
		}
	}
}
