package wire_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// A request with a secret goes only to a server that may have it, as the client itself verifies servers.
func TestSecretsGoWhereTheyMay(t *testing.T) {
	arrived := 0
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived++ }))
	t.Cleanup(server.Close)
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived++ }))
	t.Cleanup(plain.Close)
	known, unknown := verified(t, server), client(t, trust.Insecure)
	wrapped := verified(t, server)
	wrapped.HTTP.Transport = opaque{wrapped.HTTP.Transport}
	there := disclose.SupervisorAt(server.URL).Hold(disclose.Password, password)
	for name, tc := range map[string]struct {
		client *wire.Client
		ctx    context.Context
		secret disclose.Secret
		url    string
		want   error
	}{
		"where it may":                    {known, t.Context(), there, server.URL, nil},
		"not verified":                    {unknown, t.Context(), there, server.URL, disclose.ErrUnverified},
		"not verified, with a person":     {unknown, disclose.Attended(t.Context()), there, server.URL, nil},
		"nobody knows what the client is": {wrapped, t.Context(), there, server.URL, disclose.ErrUnverified},
		"another server":                  {known, t.Context(), disclose.SupervisorAt("a.lab").Hold(disclose.Password, password), server.URL, disclose.ErrNoGround},
		"on no ground":                    {known, t.Context(), disclose.Ground{}.Hold(disclose.Password, password), server.URL, disclose.ErrNoGround},
		"another kind":                    {known, t.Context(), disclose.ContextAt(server.URL).Hold(disclose.Password, password), server.URL, disclose.ErrNoGround},
		"without TLS":                     {known, disclose.Attended(t.Context()), disclose.SupervisorAt(plain.URL).Hold(disclose.Password, password), plain.URL, disclose.ErrNoServer},
		"with a user":                     {known, t.Context(), there, strings.Replace(server.URL, "//", "//u:p@", 1), disclose.ErrNoServer},
	} {
		for way, r := range map[string]wire.Request{"basic": {Basic: &wire.Basic{User: "ada", Password: tc.secret}}, "bearer": {Bearer: tc.secret}} {
			arrived = 0
			r.Method, r.URL = http.MethodGet, tc.url
			_, err := tc.client.Do(tc.ctx, r)
			text, openErr := tc.client.Open(tc.ctx, tc.secret, tc.url)
			if !errors.Is(err, tc.want) || (err == nil) != (arrived == 1) || (err == nil) != (tc.want == nil) {
				t.Errorf("%s, %s: %v, %d requests", name, way, err, arrived)
			}
			if !errors.Is(openErr, tc.want) || (text == password.Reveal()) != (tc.want == nil) {
				t.Errorf("%s: %v", name, openErr)
			}
		}
	}
}

// opaque is a transport that nobody can look into.
type opaque struct{ http.RoundTripper }

// A library that makes its own requests reaches the server of the permit, and no other.
func TestCheckedReachesOneServer(t *testing.T) {
	c, url := serve(t, func(http.ResponseWriter, *http.Request) {})
	_, other := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("it arrived at the other server") })
	permit, err := held(url, password).Permit(url, disclose.Over{Verified: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		permit disclose.Permit
		url    string
		good   bool
	}{{permit, url, true}, {permit, url + "/x?y", true}, {permit, other, false}, {disclose.Permit{}, url, false}, {permit, strings.Replace(url, "https", "http", 1), false}} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, tc.url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := (&http.Client{Transport: wire.Checked{Next: c.HTTP.Transport, Permit: tc.permit}}).Do(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		var refused *disclose.RefusedError
		if tc.good != (err == nil) || !tc.good && !errors.As(err, &refused) {
			t.Errorf("%s: %v", tc.url, err)
		}
	}
}
