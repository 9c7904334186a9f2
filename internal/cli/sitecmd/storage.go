package sitecmd

import (
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey/storage"
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

// storageRows returns a row for each class of a namespace.
func storageRows(r *survey.Reading) (all []row) {
	for _, s := range storage.Of(r) {
		made := rowOf(s.Item, storageColumns, s.Used, s.Reserved, s.Limit, s.Left())
		made.name, made.resource = s.Name, "storageclasses.storage.k8s.io"
		all = append(all, made)
	}
	order.By(all, func(a, b row) int { return strings.Compare(a.key(), b.key()) })
	return all
}
