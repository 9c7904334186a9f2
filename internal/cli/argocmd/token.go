package argocmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// cluster is the cluster, with the user's own credential.
type cluster struct {
	found
	env     *console.Env
	client  *session.APIClient
	server  *kubeapi.Server
	account account
}

// withToken makes what is missing, if it may, and writes a Secret with a token.
func (o options) withToken(ctx context.Context, e *console.Env, f found) error {
	if o.account.Create && !o.account.DryRun && !o.account.Yes {
		if e.Terminal == nil {
			return failure.Usagef("there is no terminal to ask on: with --yes, nobody is asked")
		}
		yes, err := e.Confirm(ctx, o.question(f.Key.Cluster))
		if err != nil {
			return err
		}
		if !yes {
			return errors.New("you did not confirm; nothing is changed")
		}
	}
	console.SurviveParent()
	client, _, err := f.sessions.Client(ctx, f.Context)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	c := cluster{found: f, env: e, client: client, server: kubeapi.New(client.Do), account: o.account}
	if o.account.Create {
		if err := c.create(ctx, o); err != nil || o.account.DryRun {
			return err
		}
	}
	token, until, err := c.token(ctx)
	if err != nil {
		return err
	}
	if err := o.write(e, f, clusterConfig{BearerToken: &redact.Stored{Secret: token}}); err != nil {
		return err
	}
	o.keep(e, until)
	return nil
}

// tokenRequest is what is asked of the TokenRequest API.
type tokenRequest struct {
	APIVersion string    `json:"apiVersion"`
	Kind       string    `json:"kind"`
	Spec       tokenSpec `json:"spec"`
}

type tokenSpec struct {
	Seconds int64 `json:"expirationSeconds"`
}

// token makes a token of the ServiceAccount (authentication.k8s.io/v1 TokenRequest).
func (c cluster) token(ctx context.Context) (redact.Secret, time.Time, error) {
	a := c.account
	body, err := json.Marshal(tokenRequest{
		APIVersion: "authentication.k8s.io/v1", Kind: "TokenRequest", Spec: tokenSpec{Seconds: int64(time.Duration(a.Life) / time.Second)},
	})
	if err != nil {
		return "", time.Time{}, err
	}
	var reply struct {
		Status struct {
			Token redact.Stored `json:"token"`
			Until time.Time     `json:"expirationTimestamp"`
		} `json:"status"`
	}
	asked := c.env.Now()
	path := "/api/v1/namespaces/" + url.PathEscape(a.Namespace) + "/serviceaccounts/" + url.PathEscape(a.Name) + "/token"
	err = c.client.PostJSON(ctx, path, body, &reply)
	switch s := reply.Status; {
	case errors.Is(err, wire.ErrForbidden):
		err = fmt.Errorf("you may not make a token of the ServiceAccount %s in %s: %w", a.Typed, c.Key.Cluster, wire.ErrForbidden)
		return "", time.Time{}, failure.Hint(err, "The ClusterRole cluster-admin of the cluster may. Ask somebody who has it.")
	case errors.Is(err, wire.ErrNotFound):
		err = fmt.Errorf("the cluster %s has no ServiceAccount %s: %w", c.Key.Cluster, a.Typed, wire.ErrNotFound)
		return "", time.Time{}, failure.Hint(err, "To make it, add --create --role NAME. To use another one, name it with --service-account.")
	case err != nil:
		return "", time.Time{}, err
	case !isToken(s.Token.Secret) || !s.Until.After(asked):
		return "", time.Time{}, &wire.Error{Method: http.MethodPost, URL: path, Kind: wire.ErrServer, Message: "the reply has no token that is valid"}
	case s.Until.Before(asked.Add(time.Duration(a.Life) - time.Minute)):
		c.env.Notef("the cluster gives tokens for less than %s", a.Life.String())
	}
	return reply.Status.Token.Secret, reply.Status.Until, nil
}
