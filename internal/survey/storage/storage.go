// Package storage says what is left of the storage classes of a survey.
package storage

import (
	"cmp"
	"maps"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/order"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// Class is what a vSphere Namespace may use of one storage class.
type Class struct {
	Item survey.Item // the first quota of the class
	Name string
	tkg.Usage
}

// Of returns a usage for each class of a vSphere Namespace, by its name: of all quotas that were read, those of storage policies and the
// keys of a ResourceQuota, the one that leaves the least.
func Of(r *survey.Reading) (all []Class) {
	type place struct{ server, namespace, class string }
	usages := map[place][]tkg.Usage{}
	for _, i := range slices.Concat(r.Of(tkg.PolicyQuotaResource), r.Of(tkg.QuotaResource)) {
		of := i.Facts.(map[string]tkg.Usage)
		for _, class := range slices.Sorted(maps.Keys(of)) {
			at := place{i.Place.Key.Server, i.Metadata.Namespace, class}
			if usages[at] == nil {
				all = append(all, Class{Item: i, Name: class})
			}
			usages[at] = append(usages[at], of[class])
		}
	}
	for n := range all {
		s := &all[n]
		s.Usage = tkg.Tightest(usages[place{s.Item.Place.Key.Server, s.Item.Metadata.Namespace, s.Name}])
	}
	order.By(all, func(a, b Class) int { return cmp.Compare(a.Name, b.Name) })
	return all
}
