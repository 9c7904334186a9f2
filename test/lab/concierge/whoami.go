package concierge

import (
	"encoding/json"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The API by which a Concierge says whom the API server takes somebody for (section 2.8). Clients of Pinniped ask it ("pinniped whoami").
const (
	IdentityGroup  = "identity.concierge.pinniped.dev"
	WhoAmIResource = "whoamirequests"
	WhoAmIPath     = identityPath + "/" + Version + "/" + WhoAmIResource

	whoAmIKind   = "WhoAmIRequest"
	identityPath = "/apis/" + IdentityGroup
)

// whoAmI is a WhoAmIRequest. Its spec has no fields.
type whoAmI struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        metav1.ObjectMeta `json:"metadata"`
	Spec            struct{}          `json:"spec"`
	Status          struct {
		Info struct {
			User struct {
				Username string   `json:"username"`
				Groups   []string `json:"groups,omitempty"`
			} `json:"user"`
		} `json:"kubernetesUserInfo"`
	} `json:"status"`
}

// answerWhoAmI answers with what the API server says in headers about whoever asks.
func (s *concierge) answerWhoAmI(w http.ResponseWriter, r *http.Request) {
	in := whoAmI{}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	want := metav1.TypeMeta{APIVersion: IdentityGroup + "/" + Version, Kind: whoAmIKind}
	if err := decoder.Decode(&in); err != nil || in.TypeMeta != want || in.Status.Info.User.Username != "" {
		refusal := badRequest("it is no new " + whoAmIKind)
		writeJSON(w, int(refusal.Code), refusal)
		return
	}
	out := whoAmI{TypeMeta: want}
	out.Status.Info.User.Username = r.Header.Get("X-Remote-User")
	out.Status.Info.User.Groups = r.Header.Values("X-Remote-Group")
	writeJSON(w, http.StatusCreated, out)
}

func identityResources(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, metav1.APIResourceList{
		TypeMeta:     metav1.TypeMeta{APIVersion: "v1", Kind: "APIResourceList"},
		GroupVersion: IdentityGroup + "/" + Version,
		APIResources: []metav1.APIResource{{
			Name: WhoAmIResource, SingularName: "whoamirequest", Kind: whoAmIKind, Verbs: metav1.Verbs{"create", "list"}, Categories: []string{"pinniped"},
		}},
	})
}
