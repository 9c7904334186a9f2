package tokens

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// leeway is subtracted from every expiry: client-go has none, and a token that expires in flight costs the user a 401. A short
// credential loses at most half of its lifetime.
const leeway = 45 * time.Second

// Key names one credential: see credfile.Key.
type Key = credfile.Key

// Fold returns the form in which user names are compared: see credfile.Fold.
func Fold(user string) string { return credfile.Fold(user) }

// Credential is what one API server accepts, and until when: a bearer token, or a client certificate. A credential that is not minted yet
// has neither: it has only a target.
type Credential struct {
	Key         Key
	Session     string // the ID of the session it came from
	Token       redact.Secret
	Certificate string        // PEM
	PrivateKey  redact.Secret // PEM, of Certificate
	Issued      time.Time
	Expires     time.Time // when the server stops accepting it
	Target      *Target   // where to mint it; nil: at the control plane host
}

// Target is what a session of an identity provider needs to mint the credential of an API server. It is cached from the Supervisor.
type Target struct {
	Audience  string `json:"audience"`
	Server    string `json:"server"`              // URL of the API server, or of the Supervisor's Concierge elsewhere
	CA        string `json:"ca,omitempty"`        // PEM; empty: the system's roots, unless CAUnknown
	CAUnknown bool   `json:"caUnknown,omitempty"` // the CA is not known yet: send nothing to the server
	Concierge string `json:"concierge,omitempty"` // the form of its Concierge, if known (package concierge)
	// API is how the Supervisor's API server is verified, if Server is a Concierge elsewhere.
	API *APITrust `json:"api,omitempty"`
}

// APITrust is how an API server is verified: by a CA (PEM). If that is empty, it is verified as the Supervisor is.
type APITrust struct {
	CA string `json:"ca,omitempty"`
}

// Minted reports whether the credential has a token or a certificate.
func (c Credential) Minted() bool {
	return c.Token != "" || c.Certificate != "" && c.PrivateKey != ""
}

// MaxLife is how long a credential is given out at most, whatever it says of itself: then it is renewed, and a session that nobody renews
// needs a login. Nobody can revoke a token, and a copy of one that says "9999" would never be found out. It is longer than any lifetime that
// we have seen.
const MaxLife = 30 * 24 * time.Hour

// Until returns when to stop giving out the credential: Expires without the leeway, at most MaxLife after it was issued. It is a whole
// second, as in the timestamp that kubectl gets. With a timestamp in the past, client-go runs its plugin again for each request.
func (c Credential) Until() time.Time {
	expires := c.Expires
	if last := c.Issued.Add(MaxLife); !c.Issued.IsZero() && expires.After(last) {
		expires = last
	}
	life := expires.Sub(c.Issued)
	return expires.Add(-max(0, min(leeway, life/2))).UTC().Truncate(time.Second)
}

// Good reports whether the credential can be given out.
func (c Credential) Good(now time.Time) bool { return c.Minted() && now.Before(c.Until()) }

// Aging reports whether more than half of the credential's lifetime is over.
func (c Credential) Aging(now time.Time) bool {
	return c.Minted() && now.After(c.Issued.Add(c.Expires.Sub(c.Issued)/2))
}

// status is the status of an ExecCredential, the same in v1 and v1beta1 of client.authentication.k8s.io.
type status struct {
	ExpirationTimestamp   string `json:"expirationTimestamp,omitempty"`
	Token                 string `json:"token,omitempty"`
	ClientCertificateData string `json:"clientCertificateData,omitempty"`
	ClientKeyData         string `json:"clientKeyData,omitempty"`
}

// Status returns the ExecCredential status for kubectl. Its expirationTimestamp is Until.
func (c Credential) Status() (json.RawMessage, error) {
	return json.Marshal(status{
		ExpirationTimestamp:   c.Until().Format(time.RFC3339),
		Token:                 c.Token.Reveal(),
		ClientCertificateData: c.Certificate,
		ClientKeyData:         c.PrivateKey.Reveal(),
	})
}

func (c Credential) file() (credfile.File, error) {
	f := credfile.File{Version: credfile.Version, Session: c.Session, Server: c.Key.Server, User: c.Key.User, Cluster: c.Key.Cluster, Status: json.RawMessage("{}")}
	var err error
	if c.Target != nil {
		if f.Target, err = json.Marshal(c.Target); err != nil {
			return f, err
		}
	}
	if !c.Minted() {
		return f, nil
	}
	f.Issued, f.Expires, f.Until = c.Issued.UTC(), c.Expires.UTC(), c.Until()
	f.Status, err = c.Status()
	return f, err
}

// text returns the content of the credential's file.
func (c Credential) text() ([]byte, error) {
	f, err := c.file()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(f)
	return append(text, '\n'), err
}

func fromFile(f credfile.File) (Credential, error) {
	var s status
	if err := json.Unmarshal(f.Status, &s); err != nil {
		return Credential{}, err
	}
	c := Credential{
		Key: f.Key(), Session: f.Session, Token: redact.Secret(s.Token), Certificate: s.ClientCertificateData,
		PrivateKey: redact.Secret(s.ClientKeyData), Issued: f.Issued, Expires: f.Expires,
	}
	if len(f.Target) > 0 {
		if err := json.Unmarshal(f.Target, &c.Target); err != nil {
			return Credential{}, err
		}
	}
	if !c.Minted() && c.Target == nil {
		return Credential{}, errors.New("the credential file holds no token")
	}
	return c, nil
}
