// Package sso logs in with a vCenter Single Sign-On user name and password: POST /wcp/login with HTTP Basic, which
// answers with an id_token of vCenter's identity service (RS256, 10 hours, no refresh token).
package sso

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// ErrUnknownCluster means that the Supervisor names no API server for a cluster: it answers 200 with a token and
// without guest_cluster_server when it does not know the cluster, or when the cluster has no address yet.
var ErrUnknownCluster = errors.New("the Supervisor knows no API server of this cluster")

// Cluster names the TKG cluster that a token is for.
type Cluster struct{ Namespace, Name string }

// Reply is the reply to a login. ClusterServer and ClusterCA are set for a cluster only.
type Reply struct {
	Token         redact.Secret
	Claims        Claims
	Date          time.Time // the server's clock; zero when the reply has no date
	ClusterServer string    // host or host:port, canonical
	ClusterCA     []byte    // PEM
}

// reply is the shape of the reply; other fields are ignored.
type reply struct {
	SessionID string `json:"session_id"`
	Server    string `json:"guest_cluster_server"`
	CA        string `json:"guest_cluster_ca"` // base64 of PEM
}

// Request is a login.
type Request struct {
	Server   supervisor.Address // a control plane host's front
	User     string
	Password disclose.Secret
	Cluster  *Cluster // nil: for a token of the Supervisor's own API
}

// Login sends the password once. The error is wire.ErrRefused for a wrong password, ErrUnknownCluster, or another of package wire.
func Login(ctx context.Context, w *wire.Client, r Request) (Reply, error) {
	if err := CheckUser(r.User); err != nil {
		return Reply{}, err
	}
	var body []byte
	if r.Cluster != nil {
		var err error
		if body, err = json.Marshal(guest{r.Cluster.Name, r.Cluster.Namespace}); err != nil {
			return Reply{}, err
		}
	}
	url := r.Server.URL("/wcp/login")
	got, err := w.Exchange(ctx, wire.Request{
		Method: http.MethodPost, URL: url, Basic: &wire.Basic{User: r.User, Password: r.Password}, Body: body,
	})
	if err != nil {
		return Reply{}, err
	}
	reply, err := parseReply(url, got.Body, r.Cluster != nil)
	reply.Date = got.Date
	return reply, err
}

// guest is the body that asks for a cluster's token.
type guest struct {
	Name      string `json:"guest_cluster_name"`
	Namespace string `json:"guest_cluster_namespace,omitempty"`
}

func parseReply(url string, text []byte, cluster bool) (Reply, error) {
	var raw reply
	if err := wire.DecodeJSON(http.MethodPost, url, text, &raw); err != nil {
		return Reply{}, err
	}
	bad := func(format string, args ...any) (Reply, error) {
		return Reply{}, &wire.Error{Method: http.MethodPost, URL: url, Kind: wire.ErrServer, Message: fmt.Sprintf(format, args...)}
	}
	r := Reply{Token: redact.Secret(raw.SessionID)}
	var err error
	if r.Claims, err = ParseClaims(r.Token); err != nil {
		return bad("the reply's session_id is no token: %v", err)
	}
	if !cluster {
		return r, nil
	}
	if raw.Server == "" {
		return Reply{}, ErrUnknownCluster
	}
	server, err := supervisor.ParseAddress(raw.Server)
	if err != nil {
		return bad("the reply's guest_cluster_server is no host")
	}
	r.ClusterServer = server.String()
	if r.ClusterCA, err = decodeCA(raw.CA); err != nil {
		return bad("the reply's guest_cluster_ca is no CA: %v", err)
	}
	return r, nil
}

// decodeCA reads base64 of PEM. An empty one is left to the system's roots.
func decodeCA(s string) ([]byte, error) {
	if s == "" {
		return nil, nil
	}
	text, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, errors.New("it is not base64")
	}
	return trust.Certificates(text)
}

// maxUser bounds a user name, in bytes; SSO's own bound is far below.
const maxUser = 1024

// CheckUser is CheckName, and refuses a name that HTTP Basic authentication cannot carry (RFC 7617, section 2).
func CheckUser(user string) error {
	if strings.Contains(user, ":") {
		return errors.New("a name with a colon cannot log in: HTTP Basic authentication ends the user name at the first colon")
	}
	return CheckName(user)
}

// CheckName refuses a user name that is empty, and one with characters that nobody sees: they come along when a name is copied, and the server
// would count a refusal. The error names the character. An identity provider may call people by names with a colon.
func CheckName(user string) error {
	switch {
	case strings.TrimSpace(user) == "":
		return errors.New("the user name is empty")
	case len(user) > maxUser:
		return errors.New("the user name is too long")
	case !utf8.ValidString(user):
		return errors.New("the user name is not UTF-8")
	}
	first, _ := utf8.DecodeRuneInString(user)
	last, _ := utf8.DecodeLastRuneInString(user)
	for _, r := range []rune{first, last} {
		if unicode.IsSpace(r) {
			return fmt.Errorf("the user name begins or ends with a blank (%U)", r)
		}
	}
	if i := strings.IndexFunc(user, unseen); i >= 0 {
		r, _ := utf8.DecodeRuneInString(user[i:])
		return fmt.Errorf("the user name holds the character %U, which cannot be seen; type the name anew", r)
	}
	return nil
}

// unseen reports whether nobody sees a character, or takes it for a blank: U+2800 is a braille pattern without dots.
func unseen(r rune) bool {
	return !unicode.IsPrint(r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) || r == '\u2800'
}
