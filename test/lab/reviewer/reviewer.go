// Package reviewer answers TokenReviews by verifying tokens of the vCenter identity service: as the authentication webhook of a TKG cluster
// (guest-cluster-auth-svc), for the tokens of this very cluster, and for a Supervisor's registry.
package reviewer

import (
	"encoding/json"
	"net/http"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/fault"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/vcenter"
)

// prefix is what a TKG cluster puts before SSO users and groups.
const prefix = "sso:"

// review is the part of authentication.k8s.io/v1 TokenReview that a webhook needs.
type review struct {
	APIVersion string  `json:"apiVersion"`
	Kind       string  `json:"kind"`
	Spec       *spec   `json:"spec,omitempty"`
	Status     *status `json:"status,omitempty"`
}

type spec struct {
	Token     string   `json:"token"`
	Audiences []string `json:"audiences,omitempty"`
}

type status struct {
	Authenticated bool   `json:"authenticated"`
	User          *user  `json:"user,omitempty"`
	Error         string `json:"error,omitempty"`
}

type user struct {
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
}

// Path is where the webhook answers.
const Path = "/tokenreview"

// New makes the webhook of the cluster that has the UID.
func New(v *vcenter.Service, uid func() string, faults *fault.Set) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST "+Path, answer(func(token string) *status { return decide(v, uid(), token, faults) }))
	return mux
}

// Supervisor answers a registry that asks about a Supervisor's tokens, as Harbor does (authproxy_settings.tokenreview_endpoint).
func Supervisor(v *vcenter.Service) http.Handler {
	return answer(func(token string) *status {
		claims, err := v.Verify(token, vcenter.Audience)
		if err != nil {
			return &status{Error: err.Error()}
		}
		return &status{Authenticated: true, User: &user{Username: claims.Subject, Groups: claims.Groups}}
	})
}

func answer(decide func(token string) *status) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in review
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&in); err != nil || in.Kind != "TokenReview" || in.Spec == nil {
			http.Error(w, "not a TokenReview", http.StatusBadRequest)
			return
		}
		out := review{APIVersion: in.APIVersion, Kind: in.Kind, Status: decide(in.Spec.Token)}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(out)
	})
}

func decide(v *vcenter.Service, uid, token string, faults *fault.Set) *status {
	claims, err := v.Verify(token, vcenter.Audience+":"+uid)
	if err != nil {
		return &status{Error: err.Error()}
	}
	if faults.Match(fault.Request{Method: http.MethodPost, Endpoint: Path, User: claims.Subject, Cluster: uid}).Refuse {
		return &status{Error: "refused on purpose"}
	}
	u := &user{Username: prefix + claims.Subject}
	for _, g := range claims.Groups {
		u.Groups = append(u.Groups, prefix+g)
	}
	return &status{Authenticated: true, User: u}
}
