// Package front is what answers on port 443 of a Supervisor: the endpoints under /wcp, and a proxy to the Kubernetes
// API with the caller's own credentials. It is strict: what a real client does not send is an error.
package front

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/fault"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/reviewer"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/vcenter"
)

// Guest is a TKG cluster as a login reply tells of it.
type Guest struct {
	UID    string
	Server string // bare host; empty while the cluster has none
	CAPEM  []byte
	// OldServer is the address of the last cluster of the same name, if there was one.
	OldServer string
}

// Workload is an entry of /wcp/workloads.
type Workload struct {
	Namespace  string
	MasterHost string // bare host
}

// Config is what a front knows of its site.
type Config struct {
	VCenter      *vcenter.Service
	Workloads    func(user vcenter.User) []Workload
	Guest        func(ctx context.Context, namespace, name string) (Guest, bool, error)
	API          *url.URL
	APITransport http.RoundTripper
	Banner       func() string
	// Federation is the FederationDomain below /wcp/pinniped, and Info the data of the config map that tells of it; nil: this
	// Supervisor has no external identity provider.
	Federation http.Handler
	Info       map[string]string
	// Console is the proxy before the consoles of virtual machines, or nil without VM Operator.
	Console http.Handler
	// WrongCA is a CA that signed nothing here, for the fault of that name.
	WrongCA []byte
}

// New makes the handler.
func New(c Config) http.Handler {
	f := &front{Config: c}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /wcp/loginbanner", f.banner)
	mux.HandleFunc("GET /wcp/workloads", f.workloads)
	mux.HandleFunc("POST /wcp/login", f.login)
	mux.Handle("POST /wcp/tokenreview", reviewer.Supervisor(c.VCenter))
	mux.HandleFunc("GET /{$}", f.page)
	if c.Federation != nil {
		mux.Handle("/wcp/pinniped/", c.Federation)
		mux.HandleFunc("GET /api/v1/namespaces/kube-public/configmaps/pinniped-info", f.info)
	}
	if c.Console != nil {
		mux.Handle("GET /vm/web-console/proxy", c.Console)
	}
	proxy := f.proxy()
	for _, path := range []string{"/api", "/api/", "/apis", "/apis/", "/version", "/openapi/", "/healthz", "/readyz", "/livez"} {
		mux.Handle(path, proxy)
	}
	return mux
}

type front struct{ Config }

func (f *front) banner(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, f.Banner())
}

// info answers in the place of the API server: each front of a Supervisor may have an issuer of its own, and there is one API.
func (f *front) info(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, map[string]any{
		"kind": "ConfigMap", "apiVersion": "v1", "metadata": map[string]string{"name": "pinniped-info", "namespace": "kube-public"}, "data": f.Info,
	})
}

// page is the download page that scripts use to see whether a Supervisor is up.
func (f *front) page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	_, _ = io.WriteString(w, "<!DOCTYPE html>\n<html><head><title>Kubernetes CLI Tools</title></head><body></body></html>\n")
}

// authenticate proves the caller by Basic; anything else is 401 with a text.
func (f *front) authenticate(w http.ResponseWriter, r *http.Request) (vcenter.User, bool) {
	name, password, ok := r.BasicAuth()
	if ok {
		user, err := f.VCenter.Check(name, password)
		if err == nil {
			return user, true
		}
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = io.WriteString(w, vcenter.ErrBadPassword.Error())
	return vcenter.User{}, false
}

// workload has the spellings of vCenter's API and of what its clients read.
type workload struct {
	Namespace  string          `json:"namespace"`
	MasterHost string          `json:"master_host"`
	Port       json.RawMessage `json:"control_plane_api_server_port,omitempty"`
	DNSNames   []string        `json:"control_plane_DNS_names"`
}

func (f *front) workloads(w http.ResponseWriter, r *http.Request) {
	user, ok := f.authenticate(w, r)
	if !ok {
		return
	}
	port := json.RawMessage("6443")
	if p := fault.From(r.Context()).Port; p != nil {
		port = json.RawMessage(*p)
	}
	reply := []workload{}
	for _, wl := range f.Workloads(user) {
		reply = append(reply, workload{wl.Namespace, wl.MasterHost, port, []string{}})
	}
	writeJSON(w, reply)
}

// loginReply is the reply of /wcp/login; the guest fields are there for a cluster that has an address.
type loginReply struct {
	SessionID   string `json:"session_id"`
	GuestServer string `json:"guest_cluster_server,omitempty"`
	GuestCA     string `json:"guest_cluster_ca,omitempty"` // base64 of PEM
	// KubeConfig is what 9.x may carry: null, a string or a mapping.
	KubeConfig json.RawMessage `json:"kube_config,omitempty"`
}

func (f *front) login(w http.ResponseWriter, r *http.Request) {
	user, ok := f.authenticate(w, r)
	if !ok {
		return
	}
	namespace, name, err := guestOf(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var reply loginReply
	audience := vcenter.Audience
	if name != "" {
		guest, found, err := f.Guest(r.Context(), namespace, name)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		if found {
			audience += ":" + guest.UID
			f.addGuest(&reply, guest, fault.From(r.Context()))
		}
	}
	bad := fault.From(r.Context())
	skew := time.Duration(bad.Skew)
	if skew != 0 {
		w.Header().Set("Date", time.Now().Add(skew).UTC().Format(http.TimeFormat))
	}
	if reply.SessionID, err = f.VCenter.Mint(user, audience, lifetime(bad), skew); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if bad.KubeConfig != nil {
		reply.KubeConfig = json.RawMessage(*bad.KubeConfig)
	}
	writeJSON(w, reply)
}

func (f *front) addGuest(reply *loginReply, guest Guest, bad fault.Fault) {
	if guest.Server == "" || bad.NoServer {
		return
	}
	ca := guest.CAPEM
	if bad.WrongCA {
		ca = f.WrongCA
	}
	if bad.OldServer && guest.OldServer != "" {
		guest.Server = guest.OldServer
	}
	reply.GuestServer, reply.GuestCA = guest.Server, base64.StdEncoding.EncodeToString(ca)
}

// lifetime of a token under a fault; 0 is the ordinary one.
func lifetime(bad fault.Fault) time.Duration {
	if bad.Expired {
		return -time.Minute
	}
	return time.Duration(bad.TokenLifetime)
}

// guestOf reads the body of a login: nothing, {}, or the names of a cluster.
func guestOf(r *http.Request) (namespace, name string, err error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	if err != nil || len(body) == 0 {
		return "", "", err
	}
	var guest struct {
		Name      string `json:"guest_cluster_name"`
		Namespace string `json:"guest_cluster_namespace"`
	}
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&guest); err != nil {
		return "", "", err
	}
	if guest.Name == "" && guest.Namespace != "" {
		return "", "", errors.New("guest_cluster_namespace without guest_cluster_name")
	}
	return guest.Namespace, guest.Name, nil
}

// proxy passes the Kubernetes API on, as the caller: without credentials the API server sees an anonymous request.
func (f *front) proxy() http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(f.API)
			p.SetXForwarded()
		},
		Transport:     f.APITransport,
		FlushInterval: -1,
	}
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}
