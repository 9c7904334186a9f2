package tokens

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/hit"
)

// leeway is taken off every expiry: client-go has none of its own and a token that ends in flight costs the user a
// 401. A credential that lives shorter than twice as long gives half of its life.
const leeway = 45 * time.Second

// Credential is what one API server accepts, until when.
type Credential struct {
	Key     hit.Key
	Session string // the ID of the session it came from
	Token   redact.Secret
	Issued  time.Time
	Expires time.Time
}

// Until is when the credential is no longer handed out. It is a whole second, as in the stamp that kubectl gets: a
// stamp in the past makes client-go run its plugin again for each request.
func (c Credential) Until() time.Time {
	life := c.Expires.Sub(c.Issued)
	return c.Expires.Add(-max(0, min(leeway, life/2))).UTC().Truncate(time.Second)
}

// Good tells whether the credential can be handed out.
func (c Credential) Good(now time.Time) bool { return now.Before(c.Until()) }

// Aging tells whether more than half of the credential's life is over.
func (c Credential) Aging(now time.Time) bool {
	return now.After(c.Issued.Add(c.Expires.Sub(c.Issued) / 2))
}

// status is the status of an ExecCredential, the same in v1 and v1beta1 of client.authentication.k8s.io.
type status struct {
	ExpirationTimestamp string `json:"expirationTimestamp,omitempty"`
	Token               string `json:"token,omitempty"`
}

// Status is the ExecCredential status that kubectl gets. Its expirationTimestamp has the leeway taken off.
func (c Credential) Status() (json.RawMessage, error) {
	return json.Marshal(status{
		ExpirationTimestamp: c.Until().Format(time.RFC3339),
		Token:               c.Token.Reveal(),
	})
}

func (c Credential) file() (hit.File, error) {
	s, err := c.Status()
	return hit.File{
		Version: hit.Version, Session: c.Session,
		Server: c.Key.Server, User: c.Key.User, Cluster: c.Key.Cluster,
		Issued: c.Issued.UTC(), Expires: c.Expires.UTC(), Until: c.Until(),
		Status: s,
	}, err
}

func fromFile(f hit.File) (Credential, error) {
	var s status
	if err := json.Unmarshal(f.Status, &s); err != nil {
		return Credential{}, err
	}
	if s.Token == "" {
		return Credential{}, errors.New("the credential file holds no token")
	}
	return Credential{Key: f.Key(), Session: f.Session, Token: redact.Secret(s.Token), Issued: f.Issued, Expires: f.Expires}, nil
}
