// Package concierge is the Concierge of Pinniped in one cluster: an API that the cluster's API server aggregates and that gives a
// client certificate for a token of a FederationDomain, and one that says who somebody is. It is strict: what the official client does not send is an error. Section
// numbers are those of the reference oidc-and-exec.md.
package concierge

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/fault"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/federation"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/pki"
)

// DefaultLifetime of a certificate; it begins as long before now, for clocks that are late (section 2.7).
const DefaultLifetime = 5 * time.Minute

// Config is one cluster.
type Config struct {
	Server  string        // its name in the request log
	Cluster func() string // NAMESPACE/NAME there; nil for a Supervisor
	// Verify says whom a token names that is meant for this cluster.
	Verify func(token string) (federation.User, error)
	// CA is that of the API server's --client-ca-file.
	CA       *pki.CA
	Lifetime func() time.Duration // of certificates; nil: DefaultLifetime
	Now      func() time.Time     // nil: time.Now
	Faults   *fault.Set
}

type concierge struct{ Config }

// New makes the handler. Only the API server may reach it: who asks was settled there.
func New(c Config) http.Handler {
	if c.Cluster == nil {
		c.Cluster = func() string { return "" }
	}
	if c.Lifetime == nil {
		c.Lifetime = func() time.Duration { return DefaultLifetime }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &concierge{c}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /apis", groups)
	mux.HandleFunc("GET "+groupPath, group(Group))
	mux.HandleFunc("GET "+identityPath, group(IdentityGroup))
	mux.HandleFunc("GET "+identityPath+"/"+Version, identityResources)
	mux.HandleFunc("POST "+WhoAmIPath, s.answerWhoAmI)
	mux.HandleFunc("GET "+groupPath+"/"+Version, resources)
	mux.HandleFunc("GET "+Path, list)
	for path, namespaced := range map[string]bool{Path: false, NamespacedPath: true} {
		mux.Handle("POST "+path, c.Faults.Around(s.describe, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.create(w, r, namespaced)
		})))
	}
	return mux
}

// create answers a request, unless a fault says that there is nothing at its path: an old Concierge serves the resource in its
// namespace, a new one for the whole cluster, and none serves both.
func (s *concierge) create(w http.ResponseWriter, r *http.Request, namespaced bool) {
	bad := fault.From(r.Context())
	if bad.ConciergeGone || bad.ConciergeNamespaced != namespaced {
		http.NotFound(w, r)
		return
	}
	in, refusal := read(w, r)
	if refusal != nil {
		writeJSON(w, int(refusal.Code), refusal)
		return
	}
	out := request{TypeMeta: typeMeta(kind), Status: s.exchange(in.Spec, bad)}
	writeJSON(w, http.StatusCreated, out)
}

func writeJSON(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache, private")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}
