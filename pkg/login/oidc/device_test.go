package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// An issuer with an odd interval crashes nothing, and an outage while we wait is no end.
func TestDevice(t *testing.T) {
	asked := 0
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/device" {
			_ = json.NewEncoder(w).Encode(map[string]any{
				"device_code": "d", "user_code": "ABCD-EFGH", "verification_uri": "https://x.example/", "expires_in": 60, "interval": -1,
			})
			return
		}
		if asked++; asked == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":"access_denied"}`)
	}))
	t.Cleanup(server.Close)
	c := &Client{Wire: &wire.Client{HTTP: server.Client()}, Now: time.Now, Session: Session{Client: "cli", Plain: true}}
	c.Provider.Device, c.Provider.Token = server.URL+"/device", server.URL+"/token"
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := c.Device(ctx, func(d DeviceCode) {
		if d.Code != "ABCD-EFGH" {
			t.Errorf("%+v", d)
		}
	})
	if !errors.Is(err, wire.ErrRefused) || asked != 2 {
		t.Errorf("%v after %d questions", err, asked)
	}
}
