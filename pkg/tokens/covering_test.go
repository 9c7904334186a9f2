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
