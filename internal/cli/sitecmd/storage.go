package sitecmd

import (
	"maps"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/order"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

func storageKind() *kind {
	return &kind{
		name: "storage", aliases: []string{"sc", "storageclass", "storageclasses", "quota", "quotas", "storagepolicyquotas"},
		short: "storage classes, and how much of each is used and left",
		sources: []*survey.Source{
			{Resource: tkg.PolicyQuotaResource, Facts: func(o kubeapi.Object) any { return tkg.PolicyUsageOf(o) }},
			{Resource: tkg.QuotaResource, Facts: func(o kubeapi.Object) any { return tkg.QuotaUsageOf(o) }},
		},
		rows: storageRows, columns: storageColumns,
	}
}

var storageColumns = columnsOf("USED", "RESERVED", "LIMIT", "LEFT")

// storageRows returns a row for each class of a namespace: from the quotas of its storage policies, else from the keys of its quota.
func storageRows(r *survey.Reading) (all []row) {
	seen := map[string]bool{}
	for _, i := range slices.Concat(r.Of(tkg.PolicyQuotaResource), r.Of(tkg.QuotaResource)) {
		usages := i.Facts.(map[string]tkg.Usage)
		for _, class := range slices.Sorted(maps.Keys(usages)) {
			u := usages[class]
			made := rowOf(i, storageColumns, u.Used, u.Reserved, u.Limit, u.Left())
			made.name, made.resource = class, "storageclasses.storage.k8s.io"
			if !seen[made.key()] {
				all = append(all, made)
			}
			seen[made.key()] = true
		}
	}
	order.By(all, func(a, b row) int { return strings.Compare(a.key(), b.key()) })
	return all
}
