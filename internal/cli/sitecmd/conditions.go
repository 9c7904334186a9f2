package sitecmd

import (
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
)

// condition is one of the conditions of an object
// (https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#typical-status-properties).
type condition struct {
	Type     string `json:"type"`
	Status   string `json:"status"`
	Reason   string `json:"reason"`
	Message  string `json:"message"`
	Observed int64  `json:"observedGeneration"`
}

type conditions []condition

// find returns the first condition of a type.
func (all conditions) find(name string) (condition, bool) {
	i := slices.IndexFunc(all, func(c condition) bool { return c.Type == name })
	if i < 0 {
		return condition{}, false
	}
	return all[i], true
}

// stale reports whether a condition is about an earlier state of its object.
func (c condition) stale(o kubeapi.Object) bool {
	return c.Observed != 0 && c.Observed < o.Metadata.Generation
}

// variable is a value that a cluster sets for its class.
type variable struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}
