// Package admin is how tests steer a lab: HTTP with JSON on loopback, under a random path that only lab.json tells.
package admin

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/fault"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/vcenter"
)

// ClusterSpec is a TKG cluster to create on a Supervisor.
type ClusterSpec struct {
	Supervisor int    `json:"supervisor"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
	Endpoint   string `json:"endpoint"` // host of its API server; empty while it has none; "fake": where nothing listens
	Twin       bool   `json:"twin"`     // with a TanzuKubernetesCluster
	Paused     bool   `json:"paused"`   // Cluster API leaves it alone: it gets no conditions
}

// FrontSpec is one more address of a Supervisor.
type FrontSpec struct {
	Supervisor int `json:"supervisor"`
	// Identity gives it a FederationDomain of its own, whose users are the vCenter's.
	Identity  bool      `json:"identity"`
	Providers []string  `json:"providers"` // ProviderLDAP, ProviderDex; none is ProviderLDAP
	Lifetimes Lifetimes `json:"lifetimes"`
	InfoKeys  string    `json:"infoKeys"` // "minimal": pinniped-info without what is optional
	// Flows are those that its providers offer; none is all of them.
	Flows []string `json:"flows"`
	// ShortNames means that people type the part of their name before the @ at ProviderLDAP, which knows no other one.
	ShortNames bool `json:"shortNames"`
	// NamePrefix is an identity transform: "" or NamePrefix.
	NamePrefix string `json:"namePrefix"`
	// Filtered drops packets to port 6443 of the address. The namespaces of the Supervisor are then at this front too.
	Filtered bool `json:"filtered"`
	// Unnamed gives it a certificate that lacks its address.
	Unnamed bool `json:"unnamed"`
}

// NamePrefix is the prefix of a FrontSpec for which users have rights.
const NamePrefix = "corp:"

// RegistrySpec is one more registry. Without anything it is a Harbor in http_auth that takes the tokens of the first Supervisor.
type RegistrySpec struct {
	Mode         string `json:"mode"`         // Harbor's auth_mode
	Version      string `json:"version"`      // harbor_version; v1… has no API 2.0
	RefuseTokens bool   `json:"refuseTokens"` // as stock Harbor 2
	ReviewPrefix string `json:"reviewPrefix"` // "sso:" where the review of a token tells names so
	OtherCA      bool   `json:"otherCA"`      // a certificate of a CA that signed nothing else here
	// What a hostile one says: another endpoint for passwords, a redirect of everything but systeminfo, a realm elsewhere.
	Endpoint string         `json:"endpoint"`
	Redirect string         `json:"redirect"`
	Realm    string         `json:"realm"`
	ClientID string         `json:"clientID"` // in oidc_auth: what it is at the issuers of the first Supervisor
	Users    []RegistryUser `json:"users"`    // its own; in oidc_auth with their CLI secrets
}

// RegistryUser is a user of a registry's own.
type RegistryUser struct {
	Username string            `json:"username"`
	Password string            `json:"password"`
	Projects map[string]string `json:"projects"` // pull or push
}

// The identity providers that a FederationDomain may have.
const (
	ProviderLDAP = "lab-ldap"
	ProviderDex  = "lab-dex"
)

// Lifetimes are those of a FederationDomain; 0 is as on a real one.
type Lifetimes struct {
	Code    fault.Duration `json:"code"`
	Access  fault.Duration `json:"access"`
	Refresh fault.Duration `json:"refresh"`
}

// Site is what the admin API changes.
type Site interface {
	AddUser(ctx context.Context, u vcenter.User) error
	AddNamespace(ctx context.Context, supervisor int, name string) error
	AddCluster(ctx context.Context, c ClusterSpec) (uid string, err error)
	DeleteCluster(ctx context.Context, c ClusterSpec) error
	// AddFront gives a Supervisor one more address, so that a test has the faults of an endpoint to itself.
	AddFront(ctx context.Context, f FrontSpec) (server string, err error)
	// AddRegistry opens one more registry.
	AddRegistry(ctx context.Context, r RegistrySpec) (host string, err error)
	// Registry tells how many requests with an Authorization header a registry got.
	Registry(host string) (authorized int, err error)
	// Browse plays a person with a browser: it opens a URL, logs in where that is asked for, and returns the last page.
	Browse(ctx context.Context, url, username, password string) (page string, err error)
	// SetPassword changes a password everywhere.
	SetPassword(username, password string) error
}

type api struct {
	site   Site
	v      *vcenter.Service
	faults *fault.Set
}

// New makes the handler. prefix begins and ends with a slash.
func New(prefix string, site Site, v *vcenter.Service, faults *fault.Set) http.Handler {
	a := &api{site, v, faults}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /users", a.addUser)
	mux.HandleFunc("GET /users/{name}", a.userStatus)
	mux.HandleFunc("POST /users/{name}/password", a.setPassword)
	mux.HandleFunc("POST /namespaces", a.addNamespace)
	mux.HandleFunc("POST /clusters", a.addCluster)
	mux.HandleFunc("DELETE /clusters", a.deleteCluster)
	mux.HandleFunc("POST /fronts", a.addFront)
	mux.HandleFunc("POST /registries", a.addRegistry)
	mux.HandleFunc("GET /registries/{host}", func(w http.ResponseWriter, r *http.Request) {
		n, err := site.Registry(r.PathValue("host"))
		answer(w, map[string]int{"authorized": n}, err)
	})
	mux.HandleFunc("POST /browse", a.browse)
	mux.HandleFunc("POST /keys/rotate", func(w http.ResponseWriter, _ *http.Request) { answer(w, nil, v.Rotate()) })
	mux.HandleFunc("POST /faults", a.addFault)
	mux.HandleFunc("DELETE /faults", func(w http.ResponseWriter, r *http.Request) {
		faults.Remove(r.URL.Query().Get("id"))
		answer(w, nil, nil)
	})
	mux.HandleFunc("GET /log", func(w http.ResponseWriter, r *http.Request) { answer(w, faults.Log(r.URL.Query().Get("user")), nil) })
	mux.HandleFunc("DELETE /log", func(w http.ResponseWriter, r *http.Request) {
		faults.ClearLog(r.URL.Query().Get("user"))
		answer(w, nil, nil)
	})
	mux.HandleFunc("GET /inflight", func(w http.ResponseWriter, r *http.Request) {
		answer(w, map[string]int{"max": faults.MaxInFlight(r.URL.Query().Get("user"))}, nil)
	})
	mux.HandleFunc("GET /inflight/requests", func(w http.ResponseWriter, _ *http.Request) { answer(w, faults.InFlight(), nil) })
	mux.HandleFunc("DELETE /inflight", func(w http.ResponseWriter, r *http.Request) {
		faults.ResetInFlight(r.URL.Query().Get("user"))
		answer(w, nil, nil)
	})
	return http.StripPrefix(prefix[:len(prefix)-1], mux)
}

func (a *api) addUser(w http.ResponseWriter, r *http.Request) {
	var u vcenter.User
	if read(w, r, &u) {
		answer(w, nil, a.site.AddUser(r.Context(), u))
	}
}

func (a *api) userStatus(w http.ResponseWriter, r *http.Request) {
	answer(w, a.v.Status(r.PathValue("name")), nil)
}

func (a *api) setPassword(w http.ResponseWriter, r *http.Request) {
	var in struct{ Password string }
	if read(w, r, &in) {
		answer(w, nil, a.site.SetPassword(r.PathValue("name"), in.Password))
	}
}

func (a *api) addNamespace(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Supervisor int
		Name       string
	}
	if read(w, r, &in) {
		answer(w, nil, a.site.AddNamespace(r.Context(), in.Supervisor, in.Name))
	}
}

func (a *api) addCluster(w http.ResponseWriter, r *http.Request) {
	var in ClusterSpec
	if read(w, r, &in) {
		uid, err := a.site.AddCluster(r.Context(), in)
		answer(w, map[string]string{"uid": uid}, err)
	}
}

func (a *api) deleteCluster(w http.ResponseWriter, r *http.Request) {
	var in ClusterSpec
	if read(w, r, &in) {
		answer(w, nil, a.site.DeleteCluster(r.Context(), in))
	}
}

func (a *api) addFront(w http.ResponseWriter, r *http.Request) {
	var in FrontSpec
	if read(w, r, &in) {
		server, err := a.site.AddFront(r.Context(), in)
		answer(w, map[string]string{"server": server}, err)
	}
}

func (a *api) addRegistry(w http.ResponseWriter, r *http.Request) {
	var in RegistrySpec
	if read(w, r, &in) {
		host, err := a.site.AddRegistry(r.Context(), in)
		answer(w, map[string]string{"host": host}, err)
	}
}

func (a *api) browse(w http.ResponseWriter, r *http.Request) {
	var in struct{ URL, Username, Password string }
	if read(w, r, &in) {
		page, err := a.site.Browse(r.Context(), in.URL, in.Username, in.Password)
		out := map[string]string{"page": page}
		if err != nil {
			out["error"] = err.Error()
		}
		answer(w, out, nil)
	}
}

func (a *api) addFault(w http.ResponseWriter, r *http.Request) {
	var f fault.Fault
	if read(w, r, &f) {
		answer(w, map[string]string{"id": a.faults.Add(f)}, nil)
	}
}

// read decodes the body; an unknown field is an error, since a switch with a typing mistake would do nothing.
func read(w http.ResponseWriter, r *http.Request, out any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(out); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

func answer(w http.ResponseWriter, v any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if v == nil {
		v = struct{}{}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}
