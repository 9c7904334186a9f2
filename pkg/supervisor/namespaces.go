package supervisor

import (
	"context"
	"slices"
	"strings"
)

// Namespaces lists the vSphere Namespaces by the Kubernetes API, sorted, without those of the system. Many accounts
// may not list them: then the error is wire.ErrForbidden.
func (a *API) Namespaces(ctx context.Context) ([]string, error) {
	items, err := a.pages(ctx, a.client.api("/api/v1/namespaces"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, item := range items {
		if !OfSystem(item.Metadata.Name) {
			names = append(names, item.Metadata.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// OfSystem reports whether a namespace belongs to the Supervisor itself: to Kubernetes, to the operators, or to a
// Supervisor Service.
func OfSystem(name string) bool {
	if name == "default" || name == "pinniped-concierge" {
		return true
	}
	return slices.ContainsFunc([]string{"kube-", "vmware-system-", "svc-"}, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}
