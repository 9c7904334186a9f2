package tokens_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// A key belongs to the session of its very name, also if another one calls its user so as well.
func TestCovering(t *testing.T) {
	full := tokens.Session{ID: "full", Server: "a", User: "dev@vsphere.local", Identity: "dev@vsphere.local", Names: []string{"dev@vsphere.local", "dev"}, Hosts: []string{"a", "b"}}
	bare := tokens.Session{ID: "bare", Server: "b", User: "dev", Identity: "dev@corp.example"}
	for _, c := range []struct {
		server, user string
		want         []string
	}{
		{"a", "dev@vsphere.local", []string{"full"}},
		{"b", "DEV@vsphere.local", []string{"full"}},
		{"a", `VSPHERE.LOCAL\dev`, []string{"full"}},
		{"a", "dev", []string{"full"}},
		{"b", "dev", []string{"bare"}},
		{"b", "dev@corp.example", []string{"bare"}},
		{"a", "dev@corp.example", nil},
		{"c", "dev", nil},
		{"a", "admin@vsphere.local", nil},
		{"a", "", nil},
	} {
		for _, all := range [][]tokens.Session{{full, bare}, {bare, full}} {
			var got []string
			for _, s := range tokens.Covering(all, tokens.Key{Server: c.server, User: c.user}) {
				got = append(got, s.ID)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s at %s: %s", c.user, c.server, diff)
			}
		}
	}
	elsewhere := full
	elsewhere.ID, elsewhere.Server = "elsewhere", "b"
	if got := tokens.Covering([]tokens.Session{full, elsewhere}, tokens.Key{Server: "b", User: "dev"}); len(got) != 2 || got[0].ID != "elsewhere" {
		t.Errorf("the session at the host itself is not the first: %+v", got)
	}
}

// A Supervisor says how its own user is called, and which hosts it has. Together that must not give one person's token for another's key.
func TestClaimsCountAtTheirServerOnly(t *testing.T) {
	theirs := tokens.Session{ID: "theirs", Server: "a", User: "dev", Identity: "dev@corp.example", Names: []string{"dev", "dev@x.example"}, Hosts: []string{"a", "b", "c"}}
	mine := tokens.Session{ID: "mine", Server: "b", User: "dev", Identity: "dev@vsphere.local"}
	for _, c := range []struct{ server, user, want string }{
		{"a", "dev@corp.example", "theirs"},
		{"b", "dev@corp.example", ""},
		{"c", "dev@corp.example", ""},
		{"b", "dev", "mine"},
		{"b", "dev@x.example", ""}, // Its own spelling there would be dev, of mine.
		{"c", "dev@x.example", "theirs"},
		{"c", `X.EXAMPLE\dev`, "theirs"},
	} {
		got := ""
		if all := tokens.Covering([]tokens.Session{theirs, mine}, tokens.Key{Server: c.server, User: c.user}); len(all) > 0 {
			got = all[0].ID
		}
		if got != c.want {
			t.Errorf("%s at %s: %q, want %q", c.user, c.server, got, c.want)
		}
	}
}
