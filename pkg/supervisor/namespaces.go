package supervisor

import (
	"context"
	"slices"
	"strings"
)

// Namespaces lists the vSphere Namespaces by the Kubernetes API, which many accounts may not (wire.ErrForbidden). Those of the system
// are left out.
func (a *API) Namespaces(ctx context.Context) ([]string, error) {
	items, err := a.pages(ctx, a.client.api("/api/v1/namespaces"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, item := range items {
		if !ofSystem(item.Metadata.Name) {
			names = append(names, item.Metadata.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// ofSystem tells the namespaces in which nobody but the Supervisor itself has anything: Kubernetes' own, the operators', and those
// of Supervisor Services.
func ofSystem(name string) bool {
	if name == "default" || name == "pinniped-concierge" {
		return true
	}
	return slices.ContainsFunc([]string{"kube-", "vmware-system-", "svc-"}, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}
