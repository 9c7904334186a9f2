package sitecmd_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest/objecttest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// nothing is a table without rows, whatever is asked for.
const nothing = `{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"1"},"columnDefinitions":[{"name":"Name","format":"name"}],"rows":[]}`

// What is forbidden or not served is a note; what fails is an error, in part or as a whole. Each is one line for a kind of object, with the
// namespaces, whatever the list.
func TestExitCodes(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	modes := map[string]struct {
		reply       http.HandlerFunc
		whole, part int
		note        string // of a list that has nothing
		in          string // of one that has something, for the namespace that has nothing
	}{
		"forbidden":  {consoletest.Status(http.StatusForbidden, "no"), failure.OK, failure.OK, "note: you may not list ", " at 10.0.0.1 in ns2\n"},
		"not served": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, failure.OK, failure.OK, "note: 10.0.0.1 does not serve ", ""},
		"an error":   {consoletest.Status(http.StatusInternalServerError, "no storage"), failure.Server, failure.Partial, "internal server error (500): no storage", " in ns2 at 10.0.0.1: "},
		"rubbish":    {consoletest.Reply("\x1b[31m{]"), failure.Server, failure.Partial, "is not JSON", " in ns2 at 10.0.0.1: "},
		"no answer":  {hang, failure.Server, 0, "no answer within ", ""},
	}
	for _, kind := range []string{"namespaces", "clusters", "releases", "classes", "images", "storage", "zones", "vms", "services", "libraries", "networks"} {
		w, s := signedIn(t)
		for name, mode := range modes {
			for _, part := range []bool{false, true} {
				if part && mode.whole != failure.OK && mode.part == 0 {
					continue // The others of the server would wait in vain, and some are given up.
				}
				w.Between = func(out http.ResponseWriter, r *http.Request, server http.Handler) {
					path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
					switch {
					case path[0] == "apis" && len(path) == 2:
						_, _ = io.WriteString(out, `{"versions":[{"version":"v1"}]}`)
					case objecttest.OfLogin(r), r.URL.Path == "/api/v1/namespaces":
						server.ServeHTTP(out, r)
					case part && !strings.Contains(r.URL.Path, "/namespaces/ns2/"):
						_, _ = io.WriteString(out, nothing)
					default:
						mode.reply(out, r)
					}
				}
				s.Hidden = true
				args, want, says := []string{"list", kind}, mode.whole, mode.note
				if part {
					want, says = mode.part, mode.in
				}
				if mode.part == 0 && mode.whole != failure.OK {
					args = append(args, "--request-timeout", "300ms")
				}
				r := w.Run(args...).Exits(want).Says(says)
				if n := strings.Count(r.Err, "note: "); n > 2 { // One is of the whole Supervisor.
					t.Errorf("%s, %s: %d notes\n%s", kind, name, n, r.Err)
				}
				if n := strings.Count(r.Err, "error: "); n > 8 || n > 0 && mode.whole == failure.OK {
					t.Errorf("%s, %s: %d errors\n%s", kind, name, n, r.Err)
				}
				for line := range strings.Lines(r.Err) {
					if strings.Count(r.Err, line) > 1 {
						t.Errorf("%s, %s: %q is said twice", kind, name, line)
					}
				}
			}
		}
	}
}
