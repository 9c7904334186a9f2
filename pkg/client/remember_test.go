package client_test

import (
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/client"
)

// All logins of a process remember together what was refused.
func TestLoginRemembersRefusals(t *testing.T) {
	var sent atomic.Int32
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wcp/workloads" {
			sent.Add(1)
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer s.Close()
	o := client.Options{
		Server:   s.Listener.Addr().String(),
		Trust:    client.Trust{CA: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})},
		Password: &client.Password{User: "forgetful@vsphere.local", Password: client.Text("wrong-word-3")},
	}
	for range 2 {
		if _, err := client.Login(t.Context(), o); !errors.Is(err, client.ErrRefused) {
			t.Error(err)
		}
	}
	if n := sent.Load(); n != 1 {
		t.Errorf("the password was sent %d times", n)
	}
}
