package login

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/sso"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/hit"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// unknownLife is how long a token is used that does not say until when it is good. Real ones live 10 hours and say so.
const unknownLife = time.Hour

// Mint gets the credential of key with one POST /wcp/login at its control plane host. The reply tells, for a cluster,
// where its API server is. The error is sso.ErrUnknownCluster when the Supervisor names no API server for it.
func Mint(ctx context.Context, w *wire.Client, key hit.Key, password redact.Secret) (tokens.Credential, sso.Reply, error) {
	a, err := supervisor.ParseAddress(key.Server)
	if err != nil {
		return tokens.Credential{}, sso.Reply{}, err
	}
	var cluster *sso.Cluster
	if namespace, name, ok := strings.Cut(key.Cluster, "/"); ok {
		cluster = &sso.Cluster{Namespace: namespace, Name: name}
	}
	asked := time.Now()
	reply, err := sso.Login(ctx, w, a, key.User, password, cluster)
	if err != nil {
		return tokens.Credential{}, sso.Reply{}, err
	}
	c := tokens.Credential{Key: key, Token: reply.Token, Issued: reply.Claims.IssuedAt, Expires: reply.Claims.Expiry}
	if c.Issued.IsZero() {
		c.Issued = asked
	}
	if c.Expires.IsZero() {
		c.Expires = asked.Add(unknownLife)
	}
	if !c.Expires.After(asked) {
		return tokens.Credential{}, sso.Reply{}, &wire.Error{
			Method: http.MethodPost, URL: a.URL("/wcp/login"), Kind: wire.ErrServer,
			Message: fmt.Sprintf("the token of the reply ended at %s: is the clock of this machine right?", c.Expires.Format(time.RFC3339)),
		}
	}
	return c, reply, nil
}
