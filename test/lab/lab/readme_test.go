//go:build real

package lab_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/lab"
)

// The example of the README, which another test compares with it.

func TestTool(t *testing.T) {
	site := lab.Start(t) // runs vsphere-lab of PATH, or what VSPHERE_LAB names
	supervisor, user := site.Supervisors[0], site.Users[1]
	// Let the next login fail.
	err := site.Do(t.Context(), lab.Request{Method: "POST", Path: "faults", Body: map[string]any{
		"server": supervisor.Server, "endpoint": "/wcp/login", "count": 1, "status": 503,
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := login(t.Context(), supervisor, user); err == nil {
		t.Error("logged in where the server is down")
	}
	if err := login(t.Context(), supervisor, user); err != nil {
		t.Error(err)
	}
}

// login stands for the tool.
func login(ctx context.Context, s lab.Supervisor, u lab.User) error {
	ca, err := os.ReadFile(s.CA)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+s.Server+"/wcp/login", nil)
	if err != nil {
		return err
	}
	req.SetBasicAuth(u.Username, u.Password)
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return nil
}
