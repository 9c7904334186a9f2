// Package concierge is the Pinniped Concierge of a cluster: the aggregated API login.concierge.pinniped.dev/v1alpha1, which gives a
// client certificate of the cluster for a token of an issuer that the cluster trusts. Section numbers are those of the reference
// oidc-and-exec.md. It is strict, and like a real one it never says why a token is not accepted.
package concierge

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/fault"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/federation"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/pki"
)

// The API.
const (
	Group    = "login.concierge.pinniped.dev"
	Version  = "v1alpha1"
	Resource = "tokencredentialrequests"
	// Namespace is that of the service, and of requests of the old form.
	Namespace = "pinniped-concierge"
	// Service is the name of the service.
	Service = "pinniped-concierge-api"

	root = "/apis/" + Group + "/" + Version
)

// Life is how long a certificate is good; it begins as long ago (section 2.7).
const Life = 5 * time.Minute

// Config is a Concierge.
type Config struct {
	CA *pki.CA // what the API server believes client certificates of
	// Verify tells whose a token is, if it is one for this cluster.
	Verify func(token string) (federation.User, error)
}

// New makes the handler, to be served behind the aggregator.
func New(c Config) http.Handler {
	mux := http.NewServeMux()
	versions := map[string]any{"groupVersion": Group + "/" + Version, "version": Version}
	group := map[string]any{"kind": "APIGroup", "apiVersion": "v1", "name": Group, "versions": []any{versions}, "preferredVersion": versions}
	mux.HandleFunc("GET /apis", func(w http.ResponseWriter, _ *http.Request) {
		write(w, http.StatusOK, map[string]any{"kind": "APIGroupList", "apiVersion": "v1", "groups": []any{group}})
	})
	mux.HandleFunc("GET /apis/"+Group, func(w http.ResponseWriter, _ *http.Request) { write(w, http.StatusOK, group) })
	mux.HandleFunc("GET "+root, func(w http.ResponseWriter, r *http.Request) {
		write(w, http.StatusOK, map[string]any{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": Group + "/" + Version, "resources": []any{
			map[string]any{"name": Resource, "singularName": "", "namespaced": false, "kind": "TokenCredentialRequest", "verbs": []string{"create", "list"}},
		}})
	})
	mux.HandleFunc("POST "+root+"/"+Resource, func(w http.ResponseWriter, r *http.Request) { c.serve(w, r, false) })
	mux.HandleFunc("POST "+root+"/namespaces/"+Namespace+"/"+Resource, func(w http.ResponseWriter, r *http.Request) { c.serve(w, r, true) })
	return mux
}

type (
	request struct {
		APIVersion string         `json:"apiVersion"`
		Kind       string         `json:"kind"`
		Metadata   map[string]any `json:"metadata"`
		Spec       spec           `json:"spec"`
		Status     map[string]any `json:"status,omitempty"`
	}
	spec struct {
		Token         string        `json:"token"`
		Authenticator authenticator `json:"authenticator"`
	}
	authenticator struct {
		APIGroup string `json:"apiGroup"`
		Kind     string `json:"kind"`
		Name     string `json:"name"`
	}
)

// tkg is the one authenticator.
var tkg = authenticator{"authentication.concierge.pinniped.dev", "JWTAuthenticator", "tkg-jwt-authenticator"}

// serve answers a TokenCredentialRequest (section 2.8). The cluster has one form of it: the new one, unless a fault makes it old.
func (c Config) serve(w http.ResponseWriter, r *http.Request, namespaced bool) {
	bad := fault.From(r.Context())
	if bad.ConciergeGone || bad.ConciergeNamespaced != namespaced {
		status(w, http.StatusNotFound, "NotFound", "the server could not find the requested resource")
		return
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	decoder.DisallowUnknownFields()
	var in request
	switch err := decoder.Decode(&in); {
	case err != nil:
		status(w, http.StatusBadRequest, "BadRequest", err.Error())
	case in.Kind != "TokenCredentialRequest" || in.APIVersion != Group+"/"+Version:
		status(w, http.StatusBadRequest, "BadRequest", "the object provided is unrecognized")
	case in.Spec.Token == "":
		status(w, http.StatusUnprocessableEntity, "Invalid", "spec.token.value: Required value: token must be supplied")
	default:
		write(w, http.StatusCreated, c.reply(in, bad))
	}
}

// reply is the same for every failure.
func (c Config) reply(in request, bad fault.Fault) map[string]any {
	out := map[string]any{
		"kind": in.Kind, "apiVersion": in.APIVersion, "metadata": map[string]any{"creationTimestamp": nil},
		"spec": map[string]any{"authenticator": map[string]string{"kind": "", "name": ""}},
	}
	life := Life
	if bad.CertLifetime != 0 {
		life = time.Duration(bad.CertLifetime)
	}
	user, err := c.Verify(in.Spec.Token)
	if err == nil && in.Spec.Authenticator == tkg && !bad.Refuse {
		until := time.Now().Add(life)
		pair, err := c.CA.ClientUntil(user.Username, time.Now().Add(-Life), until, user.Groups...)
		if err == nil {
			out["status"] = map[string]any{"credential": map[string]string{
				"expirationTimestamp":   until.UTC().Format(time.RFC3339),
				"clientCertificateData": string(bytes.TrimSpace(pair.CertPEM)) + "\n", "clientKeyData": string(pair.KeyPEM),
			}}
			return out
		}
	}
	out["status"] = map[string]string{"message": "authentication failed"}
	return out
}

func status(w http.ResponseWriter, code int, reason, message string) {
	write(w, code, map[string]any{
		"kind": "Status", "apiVersion": "v1", "metadata": map[string]any{}, "status": "Failure", "message": message, "reason": reason, "code": code,
	})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
