package argocmd

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

const rbac = "rbac.authorization.k8s.io"

var (
	accounts     = kubeapi.Resource{Plural: "serviceaccounts", Kind: "ServiceAccount"}
	clusterRoles = kubeapi.Resource{Group: rbac, Plural: "clusterroles", Kind: "ClusterRole"}
	wholeBinding = kubeapi.Resource{Group: rbac, Plural: "clusterrolebindings", Kind: "ClusterRoleBinding"}
	roleBinding  = kubeapi.Resource{Group: rbac, Plural: "rolebindings", Kind: "RoleBinding"}
)

// question asks a person for the rights, by where they hold.
func (o options) question(cluster string) string {
	where := "everywhere in " + cluster
	if some := o.secret.Namespaces; len(some) > 0 {
		where = map[bool]string{true: "in the namespace ", false: "in the namespaces "}[len(some) == 1] + strings.Join(some, ", ") + " of " + cluster
	}
	if o.secret.Whole {
		where += ", and with kinds of objects there that belong to no namespace"
	}
	return fmt.Sprintf("Let the ServiceAccount %s do what the ClusterRole %s may, %s?", o.account.Typed, o.account.Role, where)
}

// create makes the ServiceAccount, and binds it to its role: in the namespaces that Argo CD manages, or in the whole cluster.
func (c cluster) create(ctx context.Context, o options) error {
	a := o.account
	role, err := c.role(ctx, o)
	if err != nil {
		return err
	}
	var whole []rule
	if o.secret.Whole {
		if whole, err = c.wholeRules(ctx, role); err != nil {
			return err
		}
	}
	if err := c.make(ctx, kubeapi.Target{Resource: accounts, Namespace: a.Namespace, Name: a.Name, DryRun: a.DryRun}, nil); err != nil {
		return err
	}
	for _, namespace := range o.secret.Namespaces {
		if err := c.bind(ctx, kubeapi.Target{Resource: roleBinding, Namespace: namespace, Name: a.Name + "-" + a.Role}, a.Role); err != nil {
			return err
		}
	}
	switch {
	case o.secret.Whole:
		name := a.Name + "-" + a.Role + "-cluster-resources"
		if err := c.make(ctx, kubeapi.Target{Resource: clusterRoles, Name: name, DryRun: a.DryRun}, kubeapi.Fields{"rules": whole}); err != nil {
			return err
		}
		return c.bind(ctx, kubeapi.Target{Resource: wholeBinding, Name: name}, name)
	case len(o.secret.Namespaces) == 0:
		return c.bind(ctx, kubeapi.Target{Resource: wholeBinding, Name: a.Name + "-" + a.Role}, a.Role)
	}
	return nil
}

// bind makes a binding of the ServiceAccount to a ClusterRole.
func (c cluster) bind(ctx context.Context, t kubeapi.Target, role string) error {
	t.DryRun = c.account.DryRun
	return c.make(ctx, t, kubeapi.Fields{
		"roleRef":  map[string]string{"apiGroup": rbac, "kind": "ClusterRole", "name": role},
		"subjects": []map[string]string{{"kind": "ServiceAccount", "namespace": c.account.Namespace, "name": c.account.Name}},
	})
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
		if err := c.same(ctx, t, fields); err != nil {
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

// same returns an error if an object that exists gives other rights, or gives them to others too.
func (c cluster) same(ctx context.Context, t kubeapi.Target, fields kubeapi.Fields) error {
	if t.Resource == accounts {
		return nil
	}
	o, err := c.server.Get(ctx, t.Resource, t.Namespace, t.Name)
	if err != nil {
		return err
	}
	if t.Resource == clusterRoles {
		var found clusterRole
		if o.Decode(&found); reflect.DeepEqual(found, clusterRole{Rules: fields["rules"].([]rule)}) {
			return nil
		}
		return failure.Hint(fmt.Errorf("the %s %s is there already, and has other rules", t.Resource.Kind, t.Name),
			"If it is from an earlier time, remove it: kubectl --context %s delete %s %s", failure.Quote(c.Name), t.Resource, failure.Quote(t.Name))
	}
	type ref struct{ Kind, Name, Namespace string }
	var binding struct {
		RoleRef  ref   `json:"roleRef"`
		Subjects []ref `json:"subjects"`
	}
	o.Decode(&binding)
	subject := []ref{{"ServiceAccount", c.account.Name, c.account.Namespace}}
	role := ref{Kind: "ClusterRole", Name: fields["roleRef"].(map[string]string)["name"]}
	if binding.RoleRef == role && slices.Equal(binding.Subjects, subject) {
		return nil
	}
	return fmt.Errorf("the %s %s is there already, and binds something else", t.Resource.Kind, t.Name)
}
