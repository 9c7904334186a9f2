package site

import (
	"cmp"
	"net/http"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

func agentOf(e *console.Env) string { return cmp.Or(e.Agent, wire.UserAgent) }

// agent is a transport that names the program and its version in each request, also in those that libraries make.
type agent struct {
	next http.RoundTripper
	name string
}

// Unwrap returns the transport within (trust.Verifies).
func (a agent) Unwrap() http.RoundTripper { return a.next }

// RoundTrip implements http.RoundTripper.
func (a agent) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", a.name)
	return a.next.RoundTrip(r)
}

// CloseIdleConnections is called by http.Client.CloseIdleConnections.
func (a agent) CloseIdleConnections() {
	if c, ok := a.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
