package session

import (
	"context"
	"encoding/json"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// maxName bounds a user or group name, in characters.
const maxName = 256

// WhoAmI asks the API server whom it takes the credential for. The names are harmless to show.
// https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/self-subject-review-v1/
func (c *APIClient) WhoAmI(ctx context.Context) (user string, groups []string, err error) {
	var review struct {
		Status struct {
			UserInfo struct {
				Username string   `json:"username"`
				Groups   []string `json:"groups"`
			} `json:"userInfo"`
		} `json:"status"`
	}
	body := []byte(`{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}`)
	if err := c.PostJSON(ctx, "/apis/authentication.k8s.io/v1/selfsubjectreviews", body, &review); err != nil {
		return "", nil, err
	}
	for _, g := range review.Status.UserInfo.Groups {
		groups = append(groups, safetext.Line(g, maxName))
	}
	return safetext.Line(review.Status.UserInfo.Username, maxName), groups, nil
}

// Access is what MayI asks about.
type Access struct {
	Verb      string `json:"verb"`
	Group     string `json:"group,omitempty"`
	Resource  string `json:"resource"`
	Namespace string `json:"namespace,omitempty"`
}

type accessReview struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Spec       struct {
		Attributes Access `json:"resourceAttributes"`
	} `json:"spec"`
}

// MayI asks the API server whether the user may do something. It changes nothing there.
// https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/self-subject-access-review-v1/
func (c *APIClient) MayI(ctx context.Context, a Access) (bool, error) {
	question := accessReview{APIVersion: "authorization.k8s.io/v1", Kind: "SelfSubjectAccessReview"}
	question.Spec.Attributes = a
	body, err := json.Marshal(question)
	if err != nil {
		return false, err
	}
	var review struct {
		Status struct {
			Allowed bool `json:"allowed"`
		} `json:"status"`
	}
	err = c.PostJSON(ctx, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body, &review)
	return review.Status.Allowed, err
}
