package login_test

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

const (
	front    = "10.0.0.1" // the Supervisor that is logged in to
	password = redact.Secret("pass-word-7")
)

const infoPath = "/api/v1/namespaces/kube-public/configmaps/vip-cluster-info"

// fake plays every control plane host of a site: whatever address is dialled, it answers.
type fake struct {
	t        *testing.T
	clusters map[string][]string // namespace -> clusters
	hosts    map[string]string   // namespace -> control plane host, when it is not front
	order    []string            // the namespaces as /wcp/workloads lists them
	closed   map[string]int      // namespace -> status of a list of its clusters
	secret   map[string][]string // clusters that exist beside the listed ones
	building map[string]bool     // clusters without an API server yet
	twins    bool                // the older kind of object is served, too

	info string // the CA of the API servers (PEM); empty: not told

	lived time.Duration // of the tokens; 10 hours when 0

	// answer, if set, may answer a login itself by another status than 0.
	answer func(host, cluster string) int
	// hold, if set, is called while a request is under way.
	hold func(r *http.Request)

	mu       sync.Mutex
	requests []string // method, host and path, in their order
	flying   int
	peak     int
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	if r.URL.Path != infoPath { // It comes when it comes.
		f.requests = append(f.requests, r.Method+" "+r.Host+r.URL.Path)
	}
	f.flying++
	f.peak = max(f.peak, f.flying)
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.flying--
		f.mu.Unlock()
	}()
	if f.hold != nil {
		f.hold(r)
	}
	switch path := strings.Split(strings.Trim(r.URL.Path, "/"), "/"); {
	case r.URL.Path == "/wcp/workloads":
		f.workloads(w, r)
	case r.URL.Path == infoPath && f.info != "":
		config, _ := json.Marshal(map[string]any{"clusters": []any{map[string]any{"cluster": map[string]any{"certificate-authority-data": []byte(f.info)}}}})
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]string{"kubeconfig": string(config)}})
	case r.URL.Path == "/wcp/login":
		f.login(w, r)
	case path[0] == "apis" && len(path) == 2 && (f.twins || path[1] == "cluster.x-k8s.io"):
		io.WriteString(w, `{"preferredVersion":{"version":"v1beta1"}}`)
	case path[0] == "apis" && len(path) == 6:
		f.list(w, path[4])
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (f *fake) workloads(w http.ResponseWriter, r *http.Request) {
	if user, pass, _ := r.BasicAuth(); user == "" || pass != password.Reveal() {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	var all []map[string]any
	for _, ns := range f.order {
		host := f.hosts[ns]
		if host == "" {
			host = front
		}
		all = append(all, map[string]any{"namespace": ns, "master_host": host, "control_plane_api_server_port": 6443})
	}
	_ = json.NewEncoder(w).Encode(all)
}

func (f *fake) list(w http.ResponseWriter, ns string) {
	if status := f.closed[ns]; status != 0 {
		w.WriteHeader(status)
		return
	}
	var items []any
	for _, name := range f.clusters[ns] {
		items = append(items, map[string]any{"metadata": map[string]string{"name": name, "namespace": ns}})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"items": items})
}

func (f *fake) login(w http.ResponseWriter, r *http.Request) {
	var guest struct {
		Name      string `json:"guest_cluster_name"`
		Namespace string `json:"guest_cluster_namespace"`
	}
	if text, _ := io.ReadAll(r.Body); len(text) > 0 && json.Unmarshal(text, &guest) != nil {
		f.t.Errorf("the body of the login is %q", text)
	}
	cluster := strings.Trim(guest.Namespace+"/"+guest.Name, "/")
	if f.answer != nil {
		if status := f.answer(r.Host, cluster); status != 0 {
			w.WriteHeader(status)
			return
		}
	}
	reply := map[string]string{"session_id": jwt(r.Host+"|"+cluster, cmp.Or(f.lived, 10*time.Hour))}
	known := append(append([]string(nil), f.clusters[guest.Namespace]...), f.secret[guest.Namespace]...)
	for _, name := range known {
		if name == guest.Name && !f.building[name] {
			reply["guest_cluster_server"] = name + ".example.com"
		}
	}
	_ = json.NewEncoder(w).Encode(reply)
}

// jwt is a token that says in its jti what it is for.
func jwt(jti string, life time.Duration) string {
	encode := base64.RawURLEncoding.EncodeToString
	now := time.Now()
	claims := fmt.Sprintf(`{"iss":"https://vc/","sub":"Ada@vsphere.local","jti":%q,"iat":%d,"exp":%d}`, jti, now.Unix(), now.Add(life).Unix())
	return encode([]byte("{}")) + "." + encode([]byte(claims)) + ".c2ln"
}

// purpose is the jti of a token.
func purpose(t *testing.T, token redact.Secret) string {
	t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token.Reveal(), ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		JTI string `json:"jti"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims.JTI
}

// paths are the requests so far.
func (f *fake) paths() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.requests...)
}

// told are the requests so far, without the questions whether an API server answers: those come when they come.
func (f *fake) told() []string {
	return slices.DeleteFunc(f.paths(), func(request string) bool { return strings.HasSuffix(request, "/version") })
}

// count says how many requests there were of this method, host and path.
func (f *fake) count(request string) int {
	n := 0
	for _, r := range f.paths() {
		if r == request {
			n++
		}
	}
	return n
}

// request starts the fake and returns a login at it for this selection.
func (f *fake) request(t *testing.T, selection string) login.Request {
	t.Helper()
	f.t = t
	server := httptest.NewUnstartedServer(f)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
		},
		TLSClientConfig:   &tls.Config{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, ServerName: "example.com"},
		ForceAttemptHTTP2: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	sel, err := login.ParseSelection(selection)
	if err != nil {
		t.Fatal(err)
	}
	return login.Request{
		Wire: &wire.Client{HTTP: &http.Client{Transport: transport}}, Server: supervisor.Address{Host: front},
		User: "ada@vsphere.local", Password: held, Clusters: sel,
	}
}

// held is the password, for the front.
var held = disclose.SupervisorAt(front).Hold(disclose.Password, password)

// direct asks the fake without a network.
type direct struct{ fake *fake }

// Unwrap says that servers are verified, as far as trust.Verifies can see.
func (d direct) Unwrap() http.RoundTripper { return new(http.Transport) }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Host = r.URL.Host
	w := httptest.NewRecorder()
	d.fake.ServeHTTP(w, r)
	return w.Result(), nil
}

// caOf is a CA certificate in PEM.
func caOf(t *testing.T) string {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}
