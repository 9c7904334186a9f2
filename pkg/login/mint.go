package login

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/sso"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// unknownLife is how long a token is used that has no expiry. Real ones live 10 hours and have one.
const unknownLife = time.Hour

// A clock that is off by less than minSkew makes no difference. One that is off by more than maxSkew is not
// corrected: TLS would fail.
const (
	minSkew = 5 * time.Second
	maxSkew = 24 * time.Hour
)

// skew is how far the server's clock is ahead of ours. Its tokens use its clock; our files, and the stamp for
// kubectl, use ours.
func skew(server, ours time.Time) time.Duration {
	d := server.Sub(ours)
	if server.IsZero() || d.Abs() < minSkew || d.Abs() > maxSkew {
		return 0
	}
	return d
}

// Mint returns the credential of key, with one POST /wcp/login at its control plane host. For a cluster the reply
// names the API server. The error is sso.ErrUnknownCluster when it does not, or another of packages sso and wire.
func Mint(ctx context.Context, w *wire.Client, key tokens.Key, password disclose.Secret) (tokens.Credential, sso.Reply, error) {
	a, err := supervisor.ParseAddress(key.Server)
	if err != nil {
		return tokens.Credential{}, sso.Reply{}, err
	}
	request := sso.Request{Server: a, User: key.User, Password: password}
	if namespace, name, ok := strings.Cut(key.Cluster, "/"); ok {
		request.Cluster = &sso.Cluster{Namespace: namespace, Name: name}
	}
	reply, err := sso.Login(ctx, w, request)
	if err != nil {
		return tokens.Credential{}, sso.Reply{}, err
	}
	now := time.Now()
	ahead := skew(reply.Date, now)
	c := tokens.Credential{Key: key, Token: reply.Token, Issued: now, Expires: now.Add(unknownLife)}
	if !reply.Claims.IssuedAt.IsZero() {
		c.Issued = reply.Claims.IssuedAt.Add(-ahead)
	}
	if !reply.Claims.Expiry.IsZero() {
		c.Expires = reply.Claims.Expiry.Add(-ahead)
	}
	if !c.Expires.After(now) {
		return tokens.Credential{}, sso.Reply{}, &wire.Error{
			Method: http.MethodPost, URL: a.URL("/wcp/login"), Kind: wire.ErrServer,
			Message: fmt.Sprintf("the token of the reply ended at %s: is the clock of this machine right?", c.Expires.Format(time.RFC3339)),
		}
	}
	return c, reply, nil
}
