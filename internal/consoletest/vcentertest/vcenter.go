// Package vcentertest plays a vCenter for tests: its sessions, and what it tells of its Supervisors.
package vcentertest

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
)

// Server is a strict vCenter with Workload Management: a request that it does not know fails the test. Fields may be changed between runs.
type Server struct {
	Host  string
	Users map[string]string // passwords
	// Administrators may see its Supervisors. The others see the hosts of their vSphere Namespaces.
	Administrators []string
	Supervisors    []Supervisor
	// Namespaces are those of every user, by name: the host of each.
	Namespaces map[string]string
	// Replies answer a request ("METHOD /path") in place of the vCenter.
	Replies map[string]http.HandlerFunc
	// Old means vSphere 7 at its beginning: sessions are below /rest, and there are no zones.
	Old bool

	t        testing.TB
	mu       sync.Mutex
	order    []string
	logins   int
	sessions map[string]string // users
}

// Supervisor is a Supervisor as a vCenter lists it.
type Supervisor struct {
	Name, Endpoint, Version, Network string
	Zones                            []string // one vSphere cluster in each
	Config, Kubernetes               string   // RUNNING and READY if empty
}

// Serve serves a vCenter, whose one user is consoletest.User, an administrator.
func Serve(t testing.TB, w *consoletest.World, host string, supervisors ...Supervisor) *Server {
	t.Helper()
	v := &Server{
		Host: host, Users: map[string]string{consoletest.User: consoletest.Password}, Administrators: []string{consoletest.User}, Supervisors: supervisors,
		Replies: map[string]http.HandlerFunc{}, t: t, sessions: map[string]string{},
	}
	w.Serve(net.JoinHostPort(host, "443"), w.CA, v)
	return v
}

// Requests are the requests so far, in their order: "METHOD /path".
func (v *Server) Requests() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.order)
}

// Logins is how many requests with a password there were.
func (v *Server) Logins() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.logins
}

// Open is how many sessions have not been ended.
func (v *Server) Open() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.sessions)
}

func (v *Server) sessionPath() string {
	if v.Old {
		return "/rest/com/vmware/cis/session"
	}
	return "/api/session"
}

const problem = `{"error_type":%q,"messages":[]}`

// ServeHTTP answers.
func (v *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.Method + " " + r.URL.Path
	user, password, basic := r.BasicAuth()
	v.mu.Lock()
	v.order = append(v.order, name)
	if basic {
		v.logins++
	}
	who, known := v.sessions[r.Header.Get("vmware-api-session-id")]
	reply := v.Replies[name]
	v.mu.Unlock()
	if basic && name != "POST "+v.sessionPath() {
		v.t.Errorf("the vCenter got a password by %s", name)
	}
	w.Header().Set("Content-Type", "application/json")
	switch {
	case reply != nil:
		reply(w, r)
	case v.Old && strings.HasPrefix(name, "GET /api/session"):
		w.WriteHeader(http.StatusNotFound)
	case basic:
		v.login(w, user, password)
	case !known && v.Old && r.URL.Path == v.sessionPath():
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"type":"com.vmware.vapi.std.errors.unauthenticated","value":{"messages":[]}}`))
	case !known:
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, problem, "UNAUTHENTICATED")
	case name == "DELETE "+v.sessionPath():
		v.mu.Lock()
		delete(v.sessions, r.Header.Get("vmware-api-session-id"))
		v.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	case name == "GET /api/vcenter/namespaces-user/namespaces":
		v.own(w)
	case strings.HasPrefix(name, "GET /api/vcenter/namespace-management/"):
		if !slices.Contains(v.Administrators, who) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = fmt.Fprintf(w, problem, "UNAUTHORIZED")
			return
		}
		v.manage(w, strings.TrimPrefix(r.URL.Path, "/api/vcenter/namespace-management/"))
	default:
		v.t.Errorf("the vCenter %s does not expect %s", v.Host, name)
		w.WriteHeader(http.StatusTeapot)
	}
}

func (v *Server) login(w http.ResponseWriter, user, password string) {
	if want, there := v.Users[user]; !there || want != password {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, problem, "UNAUTHENTICATED")
		return
	}
	v.mu.Lock()
	id := fmt.Sprintf("%032x", len(v.order))
	v.sessions[id] = user
	v.mu.Unlock()
	if v.Old {
		_ = json.NewEncoder(w).Encode(map[string]string{"value": id})
		return
	}
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(id)
}

func (v *Server) own(w http.ResponseWriter) {
	list := []map[string]string{}
	for name, host := range v.Namespaces {
		list = append(list, map[string]string{"namespace": name, "master_host": host})
	}
	_ = json.NewEncoder(w).Encode(list)
}

// manage answers what administrators ask. Each zone of a Supervisor is a vSphere cluster.
func (v *Server) manage(w http.ResponseWriter, what string) {
	clusters, versions, items := []map[string]string{}, []map[string]string{}, []any{}
	pages := map[string]any{}
	for i, s := range v.Supervisors {
		var zones []any
		for z, zone := range append([]string{}, max1(s.Zones)...) {
			id := fmt.Sprintf("domain-c%d%d", i+1, z)
			config, kubernetes := s.Config, s.Kubernetes
			if config == "" {
				config, kubernetes = "RUNNING", "READY"
			}
			clusters = append(clusters, map[string]string{"cluster": id, "cluster_name": "cluster-" + id, "config_status": config, "kubernetes_status": kubernetes})
			versions = append(versions, map[string]string{"cluster": id, "current_version": s.Version})
			pages["clusters/"+id] = map[string]string{"api_server_cluster_endpoint": s.Endpoint, "network_provider": s.Network}
			zones = append(zones, map[string]any{"zone": zone, "clusters": []string{id}})
		}
		id := fmt.Sprintf("supervisor-%d", i+1)
		items = append(items, map[string]any{"supervisor": id, "info": map[string]string{"name": s.Name}})
		if !v.Old {
			pages["supervisors/"+id+"/topology"] = zones
		}
	}
	pages["clusters"], pages["software/clusters"] = clusters, versions
	if !v.Old {
		pages["supervisors/summaries"] = map[string]any{"items": items}
	}
	page, there := pages[what]
	if !there {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	_ = json.NewEncoder(w).Encode(page)
}

func max1(zones []string) []string {
	if len(zones) == 0 {
		return []string{"zone-1"}
	}
	return zones
}
