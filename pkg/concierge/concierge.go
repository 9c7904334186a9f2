// Package concierge exchanges a token for a cluster for a credential that the cluster's API server accepts, at its
// Pinniped Concierge: POST TokenCredentialRequest (login.concierge.pinniped.dev/v1alpha1). The request needs no other
// credentials.
package concierge

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

var (
	// ErrNone is an API server without a Concierge: it may accept the token itself.
	ErrNone = errors.New("the cluster has no Concierge")
	// ErrRefused means that the Concierge does not accept the token. It never says why: the audience, the time, the
	// authenticator.
	ErrRefused = errors.New("the cluster's Concierge does not accept the token")
)

// Form is the kind of resource by which a Concierge takes requests.
type Form string

// The forms: of Pinniped v0.6.0 and later, of earlier ones, and no Concierge at all. Empty means not known.
const (
	ClusterScoped Form = "cluster"
	Namespaced    Form = "namespaced"
	None          Form = "none"
)

const (
	group = "login.concierge.pinniped.dev/v1alpha1"
	// namespace is that of an early Concierge on a Supervisor or TKG cluster.
	namespace = "pinniped-concierge"
)

func (f Form) path() string {
	if f == Namespaced {
		return "/apis/" + group + "/namespaces/" + namespace + "/tokencredentialrequests"
	}
	return "/apis/" + group + "/tokencredentialrequests"
}

// Credential is a client certificate or a token.
type Credential struct {
	Certificate string        // PEM
	PrivateKey  redact.Secret // PEM
	Token       redact.Secret
	Expires     time.Time // on the server's clock
	Date        time.Time // that clock; zero without a Date header
}

// Client asks the Concierge of one API server.
type Client struct {
	Wire   *wire.Client
	Server string // URL of the API server, https
	Form   Form   // as an earlier exchange found it; empty: not known
}

// Exchange returns what the API server accepts for a token that was made for it, and the form of its Concierge, to be remembered. The
// error is ErrNone, ErrRefused, or one of package wire. An API server without a Concierge answers 404, or forbids what it does not
// know (403), or takes nothing without credentials (401).
func (c Client) Exchange(ctx context.Context, token disclose.Secret) (Credential, Form, error) {
	forms := []Form{ClusterScoped, Namespaced}
	if c.Form == Namespaced {
		forms = []Form{Namespaced, ClusterScoped}
	}
	for _, form := range forms {
		c.Form = form
		credential, err := c.request(ctx, token)
		if errors.Is(err, wire.ErrRefused) || errors.Is(err, wire.ErrForbidden) {
			return Credential{}, "", ErrNone
		}
		if !errors.Is(err, wire.ErrNotFound) {
			return credential, form, err
		}
	}
	return Credential{}, None, ErrNone
}

// The JSON of request and reply.
type (
	tokenCredentialRequest struct {
		APIVersion string   `json:"apiVersion"`
		Kind       string   `json:"kind"`
		Metadata   metadata `json:"metadata"`
		Spec       spec     `json:"spec"`
	}
	metadata struct {
		Namespace string `json:"namespace,omitempty"`
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
	reply struct {
		Status struct {
			Credential *struct {
				Expires     time.Time     `json:"expirationTimestamp"`
				Token       redact.Stored `json:"token"`
				Certificate string        `json:"clientCertificateData"`
				PrivateKey  redact.Stored `json:"clientKeyData"`
			} `json:"credential"`
			Message string `json:"message"`
		} `json:"status"`
	}
)

// tkg is the authenticator that every Supervisor and TKG cluster has.
var tkg = authenticator{APIGroup: "authentication.concierge.pinniped.dev", Kind: "JWTAuthenticator", Name: "tkg-jwt-authenticator"}

// request makes one exchange in the form of the client.
func (c Client) request(ctx context.Context, token disclose.Secret) (Credential, error) {
	url := c.Server + c.Form.path()
	sent, err := c.Wire.Open(ctx, token, url)
	if err != nil {
		return Credential{}, err
	}
	body := tokenCredentialRequest{APIVersion: group, Kind: "TokenCredentialRequest", Spec: spec{sent, tkg}}
	if c.Form == Namespaced {
		body.Metadata.Namespace = namespace
	}
	text, err := json.Marshal(body)
	if err != nil {
		return Credential{}, err
	}
	got, err := c.Wire.Exchange(ctx, wire.Request{Method: http.MethodPost, URL: url, Body: text, Secrets: []redact.Secret{token.Redacted()}})
	if err != nil {
		return Credential{}, err
	}
	return parse(url, got)
}

func parse(url string, got wire.Reply) (Credential, error) {
	var r reply
	if err := wire.DecodeJSON(http.MethodPost, url, got.Body, &r); err != nil {
		return Credential{}, err
	}
	c := r.Status.Credential
	if c == nil && r.Status.Message != "" {
		return Credential{}, ErrRefused // Its message is always the same.
	}
	if c == nil || c.Token.Secret == "" && (c.Certificate == "" || c.PrivateKey.Secret == "") || c.Expires.IsZero() {
		return Credential{}, &wire.Error{Method: http.MethodPost, URL: url, Kind: wire.ErrServer, Message: "the reply holds no credential"}
	}
	if c.Certificate != "" {
		if _, err := bounded.PEM([]byte(c.Certificate + c.PrivateKey.Reveal())); err != nil {
			return Credential{}, &wire.Error{Method: http.MethodPost, URL: url, Kind: wire.ErrServer, Message: "the reply holds no certificate with its key"}
		}
		pair, err := tls.X509KeyPair([]byte(c.Certificate), []byte(c.PrivateKey.Reveal()))
		if err != nil {
			return Credential{}, &wire.Error{Method: http.MethodPost, URL: url, Kind: wire.ErrServer, Message: "the reply holds no certificate with its key"}
		}
		if end := pair.Leaf.NotAfter; c.Expires.After(end) {
			c.Expires = end
		}
	}
	return Credential{
		Certificate: c.Certificate, PrivateKey: c.PrivateKey.Secret, Token: c.Token.Secret, Expires: c.Expires, Date: got.Date,
	}, nil
}
