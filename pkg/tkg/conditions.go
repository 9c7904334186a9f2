package tkg

import (
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
)

// Condition is one of the conditions of an object
// (https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#typical-status-properties).
type Condition struct {
	Type     string `json:"type"`
	Status   string `json:"status"`
	Reason   string `json:"reason"`
	Message  string `json:"message"`
	Observed int64  `json:"observedGeneration"`
}

// Conditions are those of an object.
type Conditions []Condition

// Find returns the first condition of a type.
func (all Conditions) Find(name string) (Condition, bool) {
	i := slices.IndexFunc(all, func(c Condition) bool { return c.Type == name })
	if i < 0 {
		return Condition{}, false
	}
	return all[i], true
}

// Stale reports whether a condition is about an earlier state of its object.
func (c Condition) Stale(o kubeapi.Object) bool {
	return c.Observed != 0 && c.Observed < o.Metadata.Generation
}

// Variable is a value that a cluster sets for its class.
type Variable struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}
