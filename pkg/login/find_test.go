package login

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// api is a Supervisor's API for an account that may list what everywhere says. It counts how deep the requests are: one that begins
// after another has ended is a round trip deeper than that.
type api struct {
	everywhere map[string]bool // namespaces, clusters
	closed     string          // a namespace whose clusters it may not list
	clusters   int             // in each of ns1 to ns3
	noSecrets  bool            // Secrets may not be read; where the clusters are nobody answers
	last       *tokens.Target  // of an earlier login

	mu    sync.Mutex
	ended int // the depth of the deepest request that has ended
	depth int
	names int // the depth without the reads of endpoint and CA
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	level := a.ended + 1
	a.depth = max(a.depth, level)
	if !strings.Contains(r.URL.Path, "/secrets/") {
		a.names = max(a.names, level)
	}
	a.mu.Unlock()
	time.Sleep(100 * time.Millisecond) // Whatever is asked at the same time arrives meanwhile.
	defer func() {
		a.mu.Lock()
		a.ended = max(a.ended, level)
		a.mu.Unlock()
	}()
	w.Header().Set("Content-Type", "application/json")
	body := a.answer(r.URL.Path)
	if body == nil {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	_ = json.NewEncoder(w).Encode(body)
}

func (a *api) answer(path string) any {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case path == "/api/v1/namespaces" && a.everywhere["namespaces"]:
		return list(named("", "ns1"), named("", "ns2"), named("", "ns3"), named("", "kube-system"))
	case len(parts) == 4 && parts[3] == "clusters" && a.everywhere["clusters"]:
		return list(append(append(a.of("ns1"), a.of("ns2")...), a.of("ns3")...)...)
	case len(parts) == 2: // an API group
		return map[string]any{"preferredVersion": map[string]string{"version": "v1beta2"}}
	case len(parts) == 6 && parts[4] == a.closed:
		return nil
	case len(parts) == 6 && parts[5] == "clusters":
		return list(a.of(parts[4])...)
	case len(parts) == 6 && parts[5] == "tanzukubernetesclusters":
		return list()
	case len(parts) == 6 && parts[4] == "secrets" && a.noSecrets, parts[len(parts)-1] == "cluster-info":
	case len(parts) == 7 && parts[5] == "clusters":
		item := named(parts[4], parts[6]).(map[string]any)
		item["spec"] = map[string]any{"controlPlaneEndpoint": map[string]any{"host": "10.0.0.9", "port": 6443}}
		return item
	case len(parts) == 6 && parts[4] == "secrets":
		kubeconfig := "clusters:\n- cluster: {server: 'https://10.0.0.9:6443'}\n"
		return map[string]any{"data": map[string]string{"value": base64.StdEncoding.EncodeToString([]byte(kubeconfig))}}
	}
	return nil
}

func (a *api) of(ns string) []any {
	var all []any
	for i := range a.clusters {
		all = append(all, named(ns, fmt.Sprintf("tkc%d", i)))
	}
	return all
}

func named(ns, name string) any {
	return map[string]any{"metadata": map[string]string{"namespace": ns, "name": name, "uid": "uid-" + name}}
}

func list(items ...any) any { return map[string]any{"items": items} }

// A login makes three round trips before this (the code, the exchange, the certificate), and two here: namespaces and clusters, whatever
// their number. Endpoint and CA are read beside the last of them, or after it at the first login of a user who may list namespaces, but
// not all clusters at once.
func TestFindIsNotDeep(t *testing.T) {
	for name, tc := range map[string]struct {
		everywhere map[string]bool
		namespaces []string
		known      []string
		closed     string
		depth      int
	}{
		"all of it":              {map[string]bool{"namespaces": true, "clusters": true}, nil, nil, "", 2},
		"namespaces only, first": {map[string]bool{"namespaces": true}, nil, nil, "", 3},
		"namespaces only, again": {map[string]bool{"namespaces": true}, nil, []string{"gone", "ns1", "ns2", "ns3"}, "", 2},
		"named":                  {nil, []string{"ns1", "ns2", "ns3"}, nil, "", 2},
		"named, one is closed":   {nil, []string{"ns1", "ns2", "ns3"}, nil, "ns3", 2},
		"again, one is closed":   {map[string]bool{"namespaces": true}, nil, []string{"ns1", "ns2", "ns3"}, "ns3", 2},
	} {
		for _, clusters := range []int{1, 5} {
			a := &api{everywhere: tc.everywhere, clusters: clusters, closed: tc.closed}
			open := 3
			if tc.closed != "" {
				open = 2
			}
			res, err := a.find(t, tc.namespaces, tc.known)
			if err != nil || len(res.Namespaces) != 3 || len(res.Clusters) != open*clusters || len(res.Failures) > 0 {
				t.Errorf("%s: %v %+v", name, err, res)
			}
			if a.depth > tc.depth || a.names > 2 {
				t.Errorf("%s, %d clusters: %d round trips deep, not %d, %d of them to the names", name, clusters, a.depth, tc.depth, a.names)
			}
		}
	}
}

// A cluster that was to tell its CA itself, and is down, has a context all the same: without a CA, or with what was known of it while it
// is the same cluster.
func TestFindAClusterThatIsDown(t *testing.T) {
	at := func(audience, server string) *tokens.Target {
		return &tokens.Target{Audience: audience, Server: server, CA: "its CA"}
	}
	for name, tc := range map[string]struct {
		last    *tokens.Target
		unknown bool
	}{
		"never seen":     {nil, true},
		"as it was":      {at("tkc0-uid-tkc0", "https://10.0.0.9:6443"), false},
		"another one":    {at("tkc0-uid-of-before", "https://10.0.0.9:6443"), true},
		"elsewhere":      {at("tkc0-uid-tkc0", "https://10.0.0.8:6443"), true},
		"not known then": {&tokens.Target{Audience: "tkc0-uid-tkc0", Server: "https://10.0.0.9:6443", CAUnknown: true}, true},
	} {
		a := &api{clusters: 1, noSecrets: true, last: tc.last}
		res, err := a.find(t, []string{"ns1"}, nil)
		if err != nil || len(res.Clusters) != 1 || len(res.Failures) > 0 != tc.unknown {
			t.Errorf("%s: %v %+v", name, err, res)
			continue
		}
		c := res.Clusters[0]
		if target := c.Credential.Target; c.URL != "https://10.0.0.9:6443" || target.CAUnknown != tc.unknown || (string(c.CA) == "its CA") == tc.unknown {
			t.Errorf("%s: %+v %+v", name, c, target)
		}
	}
}

// find looks with a session whose token is at hand.
func (a *api) find(t *testing.T, namespaces, known []string) (*Result, error) {
	t.Helper()
	w := &wire.Client{HTTP: &http.Client{Transport: inMemory{a}}}
	issuer := &oidc.Client{Session: oidc.Session{Plain: true, IDUntil: time.Now().Add(time.Hour)}, Now: time.Now}
	issuer.ID.Secret = "id"
	return FindRequest{
		Federated: &Federated{
			Lock: func(context.Context) (func(), error) { return func() {}, nil }, Reload: func() (bool, error) { return false, nil },
			Issuer: issuer, Front: &supervisor.Client{Wire: w, Address: supervisor.Address{Host: "10.0.0.1"}},
			API: func(string, *tls.Certificate) (*wire.Client, error) { return w, nil },
		},
		User: "ada", Namespaces: namespaces, Known: known, CA: func(Host, string) []byte { return nil },
		Last: func(tokens.Key) (tokens.Target, bool) {
			if a.last == nil {
				return tokens.Target{}, false
			}
			return *a.last, true
		},
	}.Find(t.Context())
}

// inMemory is a server without a network, so that only who asks decides what comes at the same time.
type inMemory struct{ http.Handler }

// Unwrap says that servers are verified, as far as trust.Verifies can see.
func (m inMemory) Unwrap() http.RoundTripper { return new(http.Transport) }

func (m inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	m.ServeHTTP(rec, r)
	return rec.Result(), nil
}
