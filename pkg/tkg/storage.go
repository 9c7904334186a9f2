package tkg

import (
	"cmp"
	"math"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
)

// What limits storage.
var (
	PolicyQuotaResource = kubeapi.Resource{Group: GroupStorage, Plural: "storagepolicyquotas", Kind: "StoragePolicyQuota"}
	QuotaResource       = kubeapi.Resource{Plural: "resourcequotas", Kind: "ResourceQuota"}
)

// Usage is what a vSphere Namespace uses of a storage class. A quantity may be empty.
type Usage struct{ Used, Reserved, Limit string }

// PolicyUsageOf returns the usage in a StoragePolicyQuota, by storage class.
func PolicyUsageOf(o kubeapi.Object) map[string]Usage {
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
	all := map[string]Usage{}
	for _, t := range q.Status.Total {
		all[t.Class] = Usage{quantityOf(t.Usage.Used), quantityOf(t.Usage.Reserved), quantityOf(q.Spec.Limit)}
	}
	return all
}

// quotaSuffix ends the keys of a ResourceQuota for the volumes of a class
// (https://kubernetes.io/docs/concepts/policy/resource-quotas/#storage-resource-quota).
const quotaSuffix = ".storageclass.storage.k8s.io/requests.storage"

// QuotaUsageOf returns the usage in the keys of a ResourceQuota, by storage class.
func QuotaUsageOf(o kubeapi.Object) map[string]Usage {
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
	all := map[string]Usage{}
	for key, limit := range q.Spec.Hard {
		if class, ok := strings.CutSuffix(key, quotaSuffix); ok {
			all[class] = Usage{Used: quantityOf(q.Status.Used[key]), Limit: quantityOf(limit)}
		}
	}
	return all
}

const (
	maxQuantity = 40      // characters
	maxNumber   = 1 << 53 // of a quantity that is a number: up to this, JSON has each integer
)

// quantityOf returns a quantity as Kubernetes writes it, or "".
func quantityOf(v any) string {
	s, isText := v.(string)
	if n, isNumber := v.(float64); isNumber && math.Abs(n) <= maxNumber {
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

// Left returns what is left of a limit.
func (u Usage) Left() string {
	limit, err := resource.ParseQuantity(u.Limit)
	if err != nil {
		return ""
	}
	for _, part := range []string{u.Used, u.Reserved} {
		if q, err := resource.ParseQuantity(part); err == nil {
			limit.Sub(q)
		}
	}
	return limit.String()
}

// Tightest returns the usage by the quota that leaves the least: Kubernetes refuses a volume that is too much for any of them. What a quota does
// not say is filled in from the others. Used and reserved belong together: a ResourceQuota counts as used what a policy's quota has reserved.
func Tightest(all []Usage) (tightest Usage) {
	var said Usage
	for _, u := range all {
		if said.Used == "" && u.Used != "" {
			said.Used, said.Reserved = u.Used, u.Reserved
		}
		if less(u.Limit, said.Limit) {
			said.Limit = u.Limit
		}
	}
	for n, u := range all {
		if u.Used == "" && said.Used != "" {
			u.Used, u.Reserved = said.Used, said.Reserved
		}
		u.Limit = cmp.Or(u.Limit, said.Limit)
		if n == 0 || less(u.Left(), tightest.Left()) {
			tightest = u
		}
	}
	return tightest
}

// less reports whether a quantity is smaller than another one. One that is empty is larger than all.
func less(a, b string) bool {
	first, err := resource.ParseQuantity(a)
	second, none := resource.ParseQuantity(b)
	return err == nil && (none != nil || first.Cmp(second) < 0)
}
