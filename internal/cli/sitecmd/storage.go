package sitecmd

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
)

var (
	policyQuota   = kubeapi.Resource{Group: groupStorage, Plural: "storagepolicyquotas", Kind: "StoragePolicyQuota"}
	resourceQuota = kubeapi.Resource{Plural: "resourcequotas", Kind: "ResourceQuota"}
)

func storageKind() *kind {
	return &kind{
		name: "storage", aliases: []string{"sc", "storageclass", "storageclasses", "quota", "quotas", "storagepolicyquotas"},
		short: "storage classes, and how much of each is used and left",
		sources: []*source{
			{resource: policyQuota, facts: func(o kubeapi.Object) any { return policyUsageOf(o) }},
			{resource: resourceQuota, facts: func(o kubeapi.Object) any { return quotaUsageOf(o) }},
		},
		rows: storageRows,
	}
}

// usage is what a vSphere Namespace uses of a storage class. A quantity may be empty.
type usage struct{ used, reserved, limit string }

// policyUsageOf returns usage by storage class.
func policyUsageOf(o kubeapi.Object) map[string]usage {
	var q struct {
		Spec struct {
			Limit any `json:"limit"`
		} `json:"spec"`
		Status struct {
			Total []struct {
				Class string `json:"storageClassName"`
				Usage struct {
					Reserved any `json:"reserved"`
					Used     any `json:"used"`
				} `json:"scQuotaUsage"`
			} `json:"total"`
		} `json:"status"`
	}
	o.Decode(&q)
	all := map[string]usage{}
	for _, t := range q.Status.Total {
		all[t.Class] = usage{quantityOf(t.Usage.Used), quantityOf(t.Usage.Reserved), quantityOf(q.Spec.Limit)}
	}
	return all
}

// quotaSuffix ends the keys of a ResourceQuota for the volumes of a class
// (https://kubernetes.io/docs/concepts/policy/resource-quotas/#storage-resource-quota).
const quotaSuffix = ".storageclass.storage.k8s.io/requests.storage"

func quotaUsageOf(o kubeapi.Object) map[string]usage {
	type quantities map[string]any
	var q struct {
		Spec struct {
			Hard quantities `json:"hard"`
		} `json:"spec"`
		Status struct {
			Hard quantities `json:"hard"`
			Used quantities `json:"used"`
		} `json:"status"`
	}
	o.Decode(&q)
	all := map[string]usage{}
	for key, limit := range q.Spec.Hard {
		if class, ok := strings.CutSuffix(key, quotaSuffix); ok {
			all[class] = usage{used: quantityOf(q.Status.Used[key]), limit: quantityOf(limit)}
		}
	}
	return all
}

// maxQuantity bounds a quantity, in characters.
const maxQuantity = 40

// quantityOf returns a quantity as Kubernetes writes it, or "".
func quantityOf(v any) string {
	s, isText := v.(string)
	if n, isNumber := v.(float64); isNumber {
		s, isText = resource.NewQuantity(int64(n), resource.BinarySI).String(), true
	}
	if !isText || len(s) > maxQuantity {
		return ""
	}
	q, err := resource.ParseQuantity(s)
	if err != nil {
		return ""
	}
	return q.String()
}

// left returns what is left of a limit.
func (u usage) left() string {
	limit, err := resource.ParseQuantity(u.limit)
	if err != nil {
		return ""
	}
	for _, part := range []string{u.used, u.reserved} {
		if q, err := resource.ParseQuantity(part); err == nil {
			limit.Sub(q)
		}
	}
	return limit.String()
}

var storageColumns = columnsOf("USED", "RESERVED", "LIMIT", "LEFT")

// storageRows returns a row for each class of a namespace: from the quotas of its storage policies, else from the keys of its quota.
func storageRows(r *reading) (all []row) {
	seen := map[string]bool{}
	for _, i := range slices.Concat(r.of(policyQuota), r.of(resourceQuota)) {
		usages := i.facts.(map[string]usage)
		for _, class := range slices.Sorted(maps.Keys(usages)) {
			u := usages[class]
			made := i.row(storageColumns, u.used, u.reserved, u.limit, u.left())
			made.name, made.resource = class, "storageclasses.storage.k8s.io"
			if !seen[made.key()] {
				all = append(all, made)
			}
			seen[made.key()] = true
		}
	}
	slices.SortStableFunc(all, func(a, b row) int { return strings.Compare(a.key(), b.key()) })
	return all
}
