package concierge

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What a Concierge serves, and the authenticator that TKG gives it (section 2.8).
const (
	Group             = "login.concierge.pinniped.dev"
	Version           = "v1alpha1"
	Resource          = "tokencredentialrequests"
	Namespace         = "pinniped-concierge"
	Path              = groupPath + "/" + Version + "/" + Resource
	AuthenticatorName = "tkg-jwt-authenticator"

	kind      = "TokenCredentialRequest"
	groupPath = "/apis/" + Group
)

// NamespacedPath is where an old Concierge takes requests.
const NamespacedPath = groupPath + "/" + Version + "/namespaces/" + Namespace + "/" + Resource

func typeMeta(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: Group + "/" + Version, Kind: kind}
}

// request is a TokenCredentialRequest.
type request struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        metav1.ObjectMeta `json:"metadata"`
	Spec            spec              `json:"spec"`
	Status          status            `json:"status"`
}

type spec struct {
	Token         string        `json:"token,omitempty"`
	Authenticator authenticator `json:"authenticator"`
}

// authenticator is a TypedLocalObjectReference.
type authenticator struct {
	APIGroup string `json:"apiGroup,omitempty"`
	Kind     string `json:"kind"`
	Name     string `json:"name"`
}

// tkgAuthenticator is the only one that there is.
var tkgAuthenticator = authenticator{"authentication.concierge.pinniped.dev", "JWTAuthenticator", AuthenticatorName}

type status struct {
	Credential *credential `json:"credential,omitempty"`
	Message    *string     `json:"message,omitempty"`
}

// credential holds PEM as text, not base64 of it.
type credential struct {
	ExpirationTimestamp   metav1.Time `json:"expirationTimestamp"`
	ClientCertificateData string      `json:"clientCertificateData"`
	ClientKeyData         string      `json:"clientKeyData"`
}
