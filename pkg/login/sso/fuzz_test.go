package sso

import (
	"strings"
	"testing"
	"unicode"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/costtest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
)

// FuzzReply: what a server answers to a login is a token that fits in a header, for a cluster with an address and a CA, or an
// error that is harmless to show.
func FuzzReply(f *testing.F) {
	for _, s := range []string{
		`{"session_id":"a.b.c"}`, `{"session_id":"e30.e30.e30","guest_cluster_server":"10.0.0.9","guest_cluster_ca":""}`, `{}`, `null`, `[]`,
		`{"session_id":"x","guest_cluster_server":"10.0.0.9","guest_cluster_ca":"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg=="}`,
		"{\"session_id\":\"a\\r\\nX: y\"}", `{"session_id":"x","guest_cluster_server":"a@b"}`, "<html>", `{"session_id":7}`,
	} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	for _, s := range costtest.Documents() {
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, body []byte, cluster bool) {
		var r Reply
		var err error
		costtest.Limit(t, "reply", func() { r, err = parseReply("https://10.0.0.1/wcp/login", body, cluster) })
		if err != nil {
			if text := err.Error(); strings.ContainsFunc(text, unicode.IsControl) || len(text) > 1000 {
				t.Errorf("not harmless: %q", text)
			}
			return
		}
		if token := r.Token.Reveal(); token == "" || strings.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c > '~' }) {
			t.Errorf("the token %q does not fit in a header", token)
		}
		if a, err := supervisor.ParseAddress(r.ClusterServer); cluster && (err != nil || a.String() != r.ClusterServer) {
			t.Errorf("the address %q: %v", r.ClusterServer, err)
		}
	})
}
