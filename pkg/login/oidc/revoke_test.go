package oidc

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

func TestRevoke(t *testing.T) {
	asked := map[string]url.Values{}
	status := http.StatusOK
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		asked[r.URL.Path], _ = url.ParseQuery(string(text))
		if r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
			t.Errorf("%v", r.Header)
		}
		if r.URL.Path == "/end" {
			http.Redirect(w, r, "https://elsewhere.example/bye", http.StatusFound)
			return
		}
		w.WriteHeader(status)
		_, _ = w.Write(text) // An issuer that repeats what it was sent.
	}))
	t.Cleanup(server.Close)
	h := server.Client()
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c := &Client{Wire: &wire.Client{HTTP: h}, Session: Session{Client: "cli", Provider: Provider{Issuer: server.URL}}}
	c.Refresh.Secret, c.ID.Secret = "rt-7", "id-7"
	if err := c.Revoke(t.Context()); !errors.Is(err, ErrNoRevocation) {
		t.Errorf("without an endpoint: %v", err)
	}
	c.Provider.Revocation, c.Provider.EndSession = server.URL+"/revoke", server.URL+"/end"
	if err := c.Revoke(t.Context()); err != nil {
		t.Error(err)
	}
	want := map[string]url.Values{
		"/revoke": {"client_id": {"cli"}, "token": {"rt-7"}, "token_type_hint": {"refresh_token"}},
		"/end":    {"client_id": {"cli"}, "id_token_hint": {"id-7"}},
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Error(diff)
	}
	status = http.StatusServiceUnavailable
	if err := c.Revoke(t.Context()); !errors.Is(err, wire.ErrServer) || strings.Contains(err.Error(), "rt-7") {
		t.Error(err)
	}
}
