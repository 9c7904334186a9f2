package consoletest

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest/objecttest"
)

// api is the Kubernetes API of the Supervisor, as far as logins read it.
func (s *Supervisor) api(w http.ResponseWriter, r *http.Request, path []string) {
	if strings.HasSuffix(r.URL.Path, "/tokencredentialrequests") {
		if s.pinniped == nil || strings.Contains(r.URL.Path, "/namespaces/") {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		s.pinniped.concierge(w, r, s.pinniped.URL, s.CA)
		return
	}
	if !s.known(r) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	switch {
	case s.namespaceList(w, r), s.oneNamespace(w, r, path), s.Answer(w, r, path):
	case r.URL.Path == "/version":
		objecttest.WriteJSON(w, http.StatusOK, map[string]string{"gitVersion": "v1.31.1"})
	case r.URL.Path == "/api/v1/namespaces":
		s.list(w, r, s.Hidden, s.namespaceObjects())
	case r.URL.Path == "/apis/cluster.x-k8s.io":
		objecttest.WriteJSON(w, http.StatusOK, map[string]any{"preferredVersion": map[string]string{"version": "v1beta1"}})
	case r.URL.Path == "/apis/run.tanzu.vmware.com":
		w.WriteHeader(http.StatusNotFound)
	case r.URL.Path == "/apis/cluster.x-k8s.io/v1beta1/clusters":
		s.list(w, r, true, nil) // Administrators may.
	case len(path) == 6 && path[5] == "clusters":
		ns := s.namespace(path[4])
		s.list(w, r, ns == nil || ns.Closed, clusterObjects(ns))
	case len(path) == 7 && path[5] == "clusters":
		s.object(w, s.cluster(path[4], path[6]))
	case len(path) == 6 && path[4] == "secrets" && strings.HasSuffix(path[5], "-kubeconfig"):
		s.endpoint(w, s.cluster(path[3], strings.TrimSuffix(path[5], "-kubeconfig")))
	default:
		s.unexpected(w, r.Method+" "+r.URL.Path)
	}
}

// known reports whether a request carries a token of this Supervisor, or a client certificate of its Concierge.
func (s *Supervisor) known(r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return s.tokens[token] != "" || token == "" && len(r.TLS.PeerCertificates) > 0 && r.TLS.PeerCertificates[0].CheckSignatureFrom(s.CA.cert) == nil
}

// list answers with the metadata of objects alone, as it is asked for.
func (s *Supervisor) list(w http.ResponseWriter, r *http.Request, forbidden bool, items []any) {
	if !objecttest.AsMetadata(r) || r.URL.Query().Get("limit") == "" {
		s.w.t.Errorf("%s is asked for whole, or without a limit: %q", r.URL, r.Header.Get("Accept"))
	}
	if forbidden {
		objecttest.Forbid(w, "forbidden")
		return
	}
	objecttest.WriteJSON(w, http.StatusOK, map[string]any{"kind": "PartialObjectMetadataList", "metadata": map[string]any{}, "items": items})
}

// namespaceList answers for the list of namespaces, which most users may not see. It reports whether it did.
func (s *Supervisor) namespaceList(w http.ResponseWriter, r *http.Request) bool {
	switch {
	case r.URL.Path != "/api/v1/namespaces" || objecttest.OfLogin(r):
		return false
	case s.Hidden:
		objecttest.Forbid(w, "you may not")
		return true
	}
	h := objecttest.Holding{Version: "v1", Plural: "namespaces", Kind: "Namespace"}
	s.mu.Lock()
	namespaces := s.Namespaces
	s.mu.Unlock()
	for _, ns := range namespaces {
		h.Objects = append(h.Objects, `{"metadata":{"name":"`+ns.Name+`"}}`)
	}
	s.List(w, r, h, "")
	return true
}

// oneNamespace answers for one namespace. Whoever has a role in it may get it; others are not told whether it exists. It reports whether it did.
func (s *Supervisor) oneNamespace(w http.ResponseWriter, r *http.Request, path []string) bool {
	if r.Method != http.MethodGet || len(path) != 4 || path[1] != "v1" || path[2] != "namespaces" {
		return false
	}
	s.mu.Lock()
	ns := s.namespace(path[3])
	s.mu.Unlock()
	switch {
	case ns != nil && !ns.Closed:
		objecttest.WriteJSON(w, http.StatusOK, map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": path[3]}})
	case s.Hidden || ns != nil:
		objecttest.Forbid(w, "you may not")
	default:
		objecttest.WriteJSON(w, http.StatusNotFound, map[string]any{"kind": "Status", "message": "not found"})
	}
	return true
}

func (s *Supervisor) namespaceObjects() []any {
	items := []any{map[string]any{"metadata": map[string]string{"name": "kube-system"}}}
	for _, ns := range s.Namespaces {
		items = append(items, map[string]any{"metadata": map[string]string{"name": ns.Name}})
	}
	return items
}

func clusterObjects(ns *Namespace) []any {
	items := []any{}
	if ns != nil {
		for _, c := range ns.Clusters {
			items = append(items, map[string]any{"metadata": map[string]string{"name": c.Name, "namespace": ns.Name, "uid": c.UID}})
		}
	}
	return items
}

func (s *Supervisor) namespace(name string) *Namespace {
	if i := slices.IndexFunc(s.Namespaces, func(ns *Namespace) bool { return ns.Name == name }); i >= 0 {
		return s.Namespaces[i]
	}
	return nil
}

// cluster returns the cluster of that name, or nil.
func (s *Supervisor) cluster(namespace, name string) *Cluster {
	ns := s.namespace(namespace)
	if ns == nil {
		return nil
	}
	if i := slices.IndexFunc(ns.Clusters, func(c *Cluster) bool { return c.Name == name }); i >= 0 {
		return ns.Clusters[i]
	}
	return nil
}

func (s *Supervisor) object(w http.ResponseWriter, c *Cluster) {
	if c == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	endpoint := map[string]any{}
	if !c.Building {
		endpoint = map[string]any{"host": c.Host, "port": 6443}
	}
	objecttest.WriteJSON(w, http.StatusOK, map[string]any{
		"metadata": map[string]string{"name": c.Name, "uid": c.UID}, "spec": map[string]any{"controlPlaneEndpoint": endpoint},
	})
}

// endpoint is the Secret that Cluster API keeps beside a cluster.
func (s *Supervisor) endpoint(w http.ResponseWriter, c *Cluster) {
	switch {
	case c == nil || c.Building:
		w.WriteHeader(http.StatusNotFound)
	case c.Sealed:
		w.WriteHeader(http.StatusForbidden)
	default:
		config, _ := json.Marshal(map[string]any{"clusters": []any{map[string]any{"cluster": map[string]any{
			"server": cmp.Or(c.URL, "https://"+c.Host+":6443"), "certificate-authority-data": []byte(c.CA.PEM),
		}}}})
		objecttest.WriteJSON(w, http.StatusOK, map[string]any{"data": map[string]any{"value": config}})
	}
}
