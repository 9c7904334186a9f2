package argocmd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// clusterRole is what a ClusterRole allows (rbac/v1).
type clusterRole struct {
	Rules []rule `json:"rules"`
}

type rule struct {
	Groups    []string `json:"apiGroups"`
	Resources []string `json:"resources"`
	Names     []string `json:"resourceNames,omitempty"`
	Verbs     []string `json:"verbs"`
}

// verbs are what Argo CD does with objects. Others, such as bind and escalate, would give rights that the role has in no namespace.
var verbs = []string{"create", "delete", "get", "list", "patch", "update", "watch"}

// role returns the role that the ServiceAccount is to have. Only for --cluster-resources its rules have to be known.
func (c cluster) role(ctx context.Context, o options) (role clusterRole, err error) {
	found, err := c.server.Get(ctx, clusterRoles, "", o.account.Role)
	switch {
	case errors.Is(err, wire.ErrNotFound):
		return role, failure.Hint(fmt.Errorf("the cluster has no ClusterRole %q", o.account.Role), "To list them, type: kubectl --context %s get clusterroles", failure.Quote(c.Name))
	case errors.Is(err, wire.ErrForbidden) && !o.secret.Whole:
		return role, nil
	case err != nil:
		return role, err
	}
	found.Decode(&role)
	return role, nil
}

// wholeRules returns what a role allows with kinds that belong to no namespace, and nothing else: bound in the whole cluster, the role itself
// would allow the others in all namespaces. Parts of kinds are left out: nodes/proxy leads into every pod.
func (c cluster) wholeRules(ctx context.Context, role clusterRole) ([]rule, error) {
	kinds, missed, err := kubeapi.Kinds(ctx, c.server)
	if err != nil {
		return nil, err
	}
	if len(missed) > 0 {
		c.env.Notef("the cluster does not say which kinds it has of %s; no rights are given with them", survey.SomeOf(missed))
	}
	all := map[string][]string{} // plurals by group and verbs
	for _, k := range kinds {
		may := slices.DeleteFunc(slices.Clone(verbs), func(verb string) bool {
			return k.Namespaced || !slices.Contains(k.Verbs, verb) || !role.allows(k.Resource, verb)
		})
		if at := k.Group + " " + strings.Join(may, " "); len(may) > 0 && !slices.Contains(all[at], k.Plural) {
			all[at] = append(all[at], k.Plural)
		}
	}
	var rules []rule
	for _, at := range slices.Sorted(maps.Keys(all)) {
		words := strings.Split(at, " ")
		rules = append(rules, rule{Groups: words[:1], Resources: slices.Sorted(slices.Values(all[at])), Verbs: words[1:]})
	}
	if len(rules) == 0 {
		return nil, failure.Hint(fmt.Errorf("the ClusterRole %q gives no rights with kinds of objects that belong to no namespace", c.account.Role),
			"Leave --cluster-resources out, or name another one with --role.")
	}
	return rules, nil
}

// allows reports whether a role allows a verb with all objects of a kind.
func (r clusterRole) allows(k kubeapi.Resource, verb string) bool {
	has := func(all []string, one string) bool { return slices.Contains(all, "*") || slices.Contains(all, one) }
	return slices.ContainsFunc(r.Rules, func(r rule) bool {
		return len(r.Names) == 0 && has(r.Groups, k.Group) && has(r.Resources, k.Plural) && has(r.Verbs, verb)
	})
}
