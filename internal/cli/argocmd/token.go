package argocmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

const rbac = "rbac.authorization.k8s.io"

var (
	accounts     = kubeapi.Resource{Plural: "serviceaccounts", Kind: "ServiceAccount"}
	clusterRoles = kubeapi.Resource{Group: rbac, Plural: "clusterroles", Kind: "ClusterRole"}
	wholeBinding = kubeapi.Resource{Group: rbac, Plural: "clusterrolebindings", Kind: "ClusterRoleBinding"}
	roleBinding  = kubeapi.Resource{Group: rbac, Plural: "rolebindings", Kind: "RoleBinding"}
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
		yes, err := e.Confirm(ctx, fmt.Sprintf("Let the ServiceAccount %s do in %s what the ClusterRole %s may?", o.account.Typed, f.Key.Cluster, o.account.Role))
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

// create makes the ServiceAccount, and binds it to its role: in the namespaces that Argo CD manages, or in the whole cluster.
func (c cluster) create(ctx context.Context, o options) error {
	a := o.account
	if _, err := c.server.Get(ctx, clusterRoles, "", a.Role); errors.Is(err, wire.ErrNotFound) {
		return failure.Hint(fmt.Errorf("the cluster has no ClusterRole %q", a.Role), "To list them, type: kubectl --context %s get clusterroles", failure.Quote(c.Name))
	} else if err != nil && !errors.Is(err, wire.ErrForbidden) {
		return err
	}
	if err := c.make(ctx, kubeapi.Target{Resource: accounts, Namespace: a.Namespace, Name: a.Name, DryRun: a.DryRun}, nil); err != nil {
		return err
	}
	fields := kubeapi.Fields{
		"roleRef":  map[string]string{"apiGroup": rbac, "kind": "ClusterRole", "name": a.Role},
		"subjects": []map[string]string{{"kind": "ServiceAccount", "namespace": a.Namespace, "name": a.Name}},
	}
	resource, namespaces := roleBinding, o.secret.Namespaces
	if len(namespaces) == 0 || o.secret.Whole {
		resource, namespaces = wholeBinding, []string{""}
	}
	for _, namespace := range namespaces {
		t := kubeapi.Target{Resource: resource, Namespace: namespace, Name: a.Name + "-" + a.Role, DryRun: a.DryRun}
		if err := c.make(ctx, t, fields); err != nil {
			return err
		}
	}
	return nil
}

// make creates an object, and says at once how to remove it: what comes next may fail, or be interrupted.
func (c cluster) make(ctx context.Context, t kubeapi.Target, fields kubeapi.Fields) error {
	what, where := t.Resource.Kind+" "+t.Name, ""
	if t.Namespace != "" {
		what, where = t.Resource.Kind+" "+t.Namespace+"/"+t.Name, " -n "+failure.Quote(t.Namespace)
	}
	_, err := c.server.Create(ctx, t, fields)
	switch {
	case errors.Is(err, kubeapi.ErrExists):
		if err := c.same(ctx, t); err != nil {
			return err
		}
		c.env.Tellf("The %s is there already.", what)
		return nil
	case errors.Is(err, wire.ErrForbidden):
		err = fmt.Errorf("you may not make the %s in %s: %w", what, c.Key.Cluster, wire.ErrForbidden)
		return failure.Hint(err, "The ClusterRole cluster-admin of the cluster may. Ask somebody who has it, or leave --create out.")
	case errors.Is(err, wire.ErrNotFound) && t.Namespace != "":
		return fmt.Errorf("the cluster has no namespace %q: %w", t.Namespace, wire.ErrNotFound)
	case err != nil:
		return err
	case t.DryRun:
		c.env.Printf("Would make the %s.", what)
		return nil
	}
	c.env.Tellf("Made the %s. To remove it, type: kubectl --context %s delete %s %s%s", what, failure.Quote(c.Name), t.Resource, failure.Quote(t.Name), where)
	return nil
}

// same returns an error if an object that exists is a binding that gives other rights, or gives them to others too.
func (c cluster) same(ctx context.Context, t kubeapi.Target) error {
	if t.Resource == accounts {
		return nil
	}
	o, err := c.server.Get(ctx, t.Resource, t.Namespace, t.Name)
	if err != nil {
		return err
	}
	type ref struct{ Kind, Name, Namespace string }
	var binding struct {
		RoleRef  ref   `json:"roleRef"`
		Subjects []ref `json:"subjects"`
	}
	o.Decode(&binding)
	subject := []ref{{"ServiceAccount", c.account.Name, c.account.Namespace}}
	if binding.RoleRef == (ref{Kind: "ClusterRole", Name: c.account.Role}) && slices.Equal(binding.Subjects, subject) {
		return nil
	}
	return fmt.Errorf("the %s %s is there already, and binds something else", t.Resource.Kind, t.Name)
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
