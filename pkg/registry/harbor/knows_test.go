package harbor

import (
	"context"
	"net/http"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

func TestKnows(t *testing.T) {
	said := func(status int, code string) error { return &wire.Error{Status: status, Code: code} }
	for name, c := range map[string]struct {
		method, path string
		err          error
		want         bool
	}{
		"a list":             {http.MethodGet, "/robots?q=1", nil, true},
		"an account":         {http.MethodPost, "/robots", nil, true},
		"an end":             {http.MethodDelete, "/robots/7", nil, true},
		"a project":          {http.MethodGet, "/projects/team-a", nil, false}, // It may be public.
		"no rights":          {http.MethodGet, "/robots?q=1", said(403, "FORBIDDEN"), true},
		"there already":      {http.MethodPost, "/robots", said(409, "CONFLICT"), true},
		"a firewall's 403":   {http.MethodPost, "/robots", said(403, ""), false},
		"another code":       {http.MethodPost, "/robots", said(403, "DENIED"), false},
		"a front's 409":      {http.MethodPost, "/robots", said(409, ""), false},
		"refused":            {http.MethodPost, "/robots", said(401, "UNAUTHORIZED"), false},
		"refused, oddly":     {http.MethodPost, "/robots", said(401, "FORBIDDEN"), false},
		"not found":          {http.MethodGet, "/projects/none", said(404, "NOT_FOUND"), false},
		"a gateway":          {http.MethodPost, "/robots", said(504, ""), false},
		"a page for a reply": {http.MethodGet, "/robots?q=1", said(0, ""), false},
		"Ctrl-C":             {http.MethodGet, "/robots?q=1", context.Canceled, false},
	} {
		if got := knows(call{method: c.method, path: c.path}, c.err); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
