package survey

import (
	"cmp"
	"maps"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// Storage is what a vSphere Namespace may use of one storage class.
type Storage struct {
	Item  Item // the first quota of the class
	Class string
	tkg.Usage
}

// Storage returns a usage for each class of a vSphere Namespace, by its name: of all quotas that were read, those of storage policies and the
// keys of a ResourceQuota, the one that leaves the least.
func (r *Reading) Storage() (all []Storage) {
	type place struct{ server, namespace, class string }
	usages := map[place][]tkg.Usage{}
	for _, i := range slices.Concat(r.Of(tkg.PolicyQuotaResource), r.Of(tkg.QuotaResource)) {
		of := i.Facts.(map[string]tkg.Usage)
		for _, class := range slices.Sorted(maps.Keys(of)) {
			at := place{i.Place.Key.Server, i.Metadata.Namespace, class}
			if usages[at] == nil {
				all = append(all, Storage{Item: i, Class: class})
			}
			usages[at] = append(usages[at], of[class])
		}
	}
	for n := range all {
		s := &all[n]
		s.Usage = tkg.Tightest(usages[place{s.Item.Place.Key.Server, s.Item.Metadata.Namespace, s.Class}])
	}
	slices.SortStableFunc(all, func(a, b Storage) int { return cmp.Compare(a.Class, b.Class) })
	return all
}
