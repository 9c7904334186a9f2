// Package vapi is the REST API of the lab's vCenter, as far as clients of Supervisors use it: sessions, and the lists of
// Supervisors and vSphere Namespaces. It knows the accounts, the lockout and the rights of package vcenter. Paths below /api
// and /rest are those of the vSphere Automation API (https://developer.broadcom.com/xapis/vsphere-automation-api/latest/).
package vapi

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/vcenter"
)

// Supervisor is a Supervisor as its vCenter lists it.
type Supervisor struct {
	ID, Name   string
	Zones      []Zone   // at least one
	Network    string   // the provider, such as VSPHERE_NETWORK
	Version    string   // of Kubernetes, with that of the Supervisor
	Endpoint   string   // bare host of the API server for users
	APIServers []string // bare hosts of the control plane
	Namespaces []string
}

// Zone is a vSphere Zone with its one vSphere cluster: the managed object ID of that, such as domain-c8, and its name.
type Zone struct{ Name, Cluster, ClusterName string }

// Namespace is a vSphere Namespace as its users see it.
type Namespace struct {
	Name, Host string // Host is bare
}

// Provider is an external identity provider that the vCenter is configured with.
type Provider struct {
	ID, Name string
	Domains  []string
	OIDC     OIDC
}

// OIDC is what a vCenter tells about an OpenID provider.
type OIDC struct {
	Discovery     string `json:"discovery_endpoint"`
	Authorization string `json:"auth_endpoint"`
	Token         string `json:"token_endpoint"`
	Keys          string `json:"public_key_uri"`
	ClientID      string `json:"client_id"`
}

// Config is what the API knows of its site.
type Config struct {
	VCenter     *vcenter.Service
	Supervisors func() []Supervisor
	// Namespaces are those of a user, over all Supervisors.
	Namespaces func(vcenter.User) []Namespace
	Providers  []Provider
	// Rest answers what this API does not: discovery, keys, downloads and the token exchange.
	Rest http.Handler
}

// API is the handler.
type API struct {
	Config
	sessions *sessions
	mux      *http.ServeMux
}

// The paths of the API. Each is both here and in clients such as govmomi.
const (
	sessionPath     = "/api/session"
	oldSessionPath  = "/rest/com/vmware/cis/session"
	exchangePath    = "/rest/vcenter/tokenservice/token-exchange"
	usersPath       = "/api/vcenter/namespaces-user/namespaces"
	clustersPath    = "/api/vcenter/namespace-management/clusters"
	supervisorsPath = "/api/vcenter/namespace-management/supervisors/summaries"
	topologyPath    = "/api/vcenter/namespace-management/supervisors/{supervisor}/topology"
	softwarePath    = "/api/vcenter/namespace-management/software/clusters"
	instancesPath   = "/api/vcenter/namespaces/instances"
	providersPath   = "/api/vcenter/identity/providers"
)

// New makes the API.
func New(c Config) *API {
	a := &API{Config: c, sessions: newSessions(time.Now), mux: http.NewServeMux()}
	a.serveSessions()
	a.handle("GET "+usersPath, a.listOwn, "username", "groups")
	a.handle("GET "+clustersPath, a.administrators(a.listClusters))
	a.handle("GET "+clustersPath+"/{cluster}", a.administrators(a.showCluster))
	a.handle("GET "+supervisorsPath, a.administrators(a.listSupervisors))
	a.handle("GET "+topologyPath, a.administrators(a.showTopology))
	a.handle("GET "+softwarePath, a.administrators(a.listSoftware))
	a.handle("GET "+instancesPath, a.administrators(a.listInstances))
	a.handle("GET "+instancesPath+"/v2", a.administrators(a.listInstancesV2))
	a.mux.HandleFunc("GET "+providersPath, a.listProviders) // Clients ask it before they log in.
	a.mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) { refuse(w, r, notFound) })
	a.mux.HandleFunc("/rest/", func(w http.ResponseWriter, r *http.Request) { refuse(w, r, notFound) })
	a.mux.HandleFunc("POST "+exchangePath, a.exchange)
	a.mux.Handle("/", c.Rest)
	return a
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// Who is the user of the request's session, for logs: it does not keep the session alive.
func (a *API) Who(r *http.Request) string { return a.sessions.peek(r.Header.Get(sessionHeader)).user }

// answer is a handler for a user who is logged in. It returns what to send as JSON, or why not.
type answer func(r *http.Request, u vcenter.User) (any, *problem)

// handle serves a path to users with a session. Unknown parameters of the query are refused.
func (a *API) handle(pattern string, fn answer, parameters ...string) {
	a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		u, ok := a.user(r)
		if !ok {
			refuse(w, r, unauthenticated)
			return
		}
		for name := range r.URL.Query() {
			if !slices.Contains(parameters, name) {
				refuse(w, r, badRequest("the parameter "+name+" is unknown"))
				return
			}
		}
		out, why := fn(r, u)
		if why != nil {
			refuse(w, r, *why)
			return
		}
		writeJSON(w, http.StatusOK, out)
	})
}

// administrators refuses everybody else.
func (a *API) administrators(fn answer) answer {
	return func(r *http.Request, u vcenter.User) (any, *problem) {
		if !u.Administrator() {
			return nil, &unauthorized
		}
		return fn(r, u)
	}
}

// exchange needs no session in the lab, since its subject token is a login. A session that has ended is refused nevertheless.
func (a *API) exchange(w http.ResponseWriter, r *http.Request) {
	if _, ok := a.user(r); r.Header.Get(sessionHeader) != "" && !ok {
		refuse(w, r, unauthenticated)
		return
	}
	a.Rest.ServeHTTP(w, r)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
