package concierge

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/fault"
)

// maxBody bounds what is read; tokens have some kilobytes.
const maxBody = 1 << 20

// read takes the request from the body, or says what is wrong with it as Kubernetes does.
func read(w http.ResponseWriter, r *http.Request) (request, *metav1.Status) {
	var in request
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return in, badRequest("the body is not JSON by its Content-Type")
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	switch err := decoder.Decode(&in); {
	case err != nil:
		return in, badRequest(err.Error())
	case decoder.More():
		return in, badRequest("something follows the object")
	case in.TypeMeta != typeMeta(kind):
		return in, badRequest("it is a " + in.APIVersion + " " + in.Kind + ", not a " + kind)
	case in.Status != (status{}):
		return in, badRequest("the status is for the server to fill in")
	case in.Spec.Token == "":
		return in, noToken()
	}
	return in, nil
}

func badRequest(why string) *metav1.Status { return withType(apierrors.NewBadRequest(why)) }

// noToken is 422, the one thing that a Concierge tells about a token.
func noToken() *metav1.Status {
	missing := field.Required(field.NewPath("spec", "token", "value"), "token must be supplied")
	return withType(apierrors.NewInvalid(schema.GroupKind{Group: Group, Kind: kind}, "", field.ErrorList{missing}))
}

func withType(err *apierrors.StatusError) *metav1.Status {
	out := err.Status()
	out.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}
	return &out
}

// describe says who asks, for the log and the switches: the user that the token claims, true or not.
func (s *concierge) describe(r *http.Request) fault.Request {
	body, _ := io.ReadAll(io.LimitReader(r.Body, maxBody))
	r.Body = io.NopCloser(bytes.NewReader(body))
	var in struct{ Spec struct{ Token string } }
	_ = json.Unmarshal(body, &in)
	return fault.Request{
		Server: s.Server, Method: r.Method, Endpoint: r.URL.Path,
		User: fault.Claim(in.Spec.Token, "username"), Cluster: s.Cluster(),
	}
}
