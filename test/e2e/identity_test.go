package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"testing"
)

// A front with an identity provider tells of it without credentials, and serves its issuer; others answer 404.
func TestLabIdentityProvider(t *testing.T) {
	t.Parallel()
	var out struct{ Server string }
	if err := adminCall(http.MethodPost, "fronts", map[string]any{"supervisor": 0, "identity": true}, &out); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: labTransport(t)}
	get := func(url string, into any) int {
		t.Helper()
		resp, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
				t.Fatal(err)
			}
		}
		return resp.StatusCode
	}
	const path = "/api/v1/namespaces/kube-public/configmaps/pinniped-info"
	var info struct{ Data map[string]string }
	if code := get("https://"+out.Server+path, &info); code != http.StatusOK || info.Data["issuer"] != "https://"+out.Server+"/wcp/pinniped" {
		t.Fatalf("%d %v", code, info)
	}
	var discovery struct {
		Issuer string
		Token  string `json:"token_endpoint"`
	}
	if code := get(info.Data["issuer"]+"/.well-known/openid-configuration", &discovery); code != http.StatusOK || discovery.Issuer != info.Data["issuer"] {
		t.Errorf("%d %v", code, discovery)
	}
	if code := get("https://"+site.Supervisors[0].Server+path, &info); code != http.StatusNotFound {
		t.Errorf("without an identity provider: %d", code)
	}
}

// labTransport trusts the CA of the Supervisors, the FederationDomains and Dex.
func labTransport(t *testing.T) *http.Transport {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(readFile(t, site.Supervisors[0].CA))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}
