package kubeapi

import (
	"encoding/json"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
)

// Element is the step of a field's path to the element of a list that has a name.
func Element(name string) string {
	quoted, _ := json.Marshal(name) // Of a string there is no error.
	return `k:{"name":` + string(quoted) + `}`
}

// Field is the path to a field: names, which begin with "f:", and elements of lists (Element), as in meta/v1 FieldsV1.
type Field []string

// Appliers returns the names of those who apply a field, sorted and once, but for this program: whatever is written there, they set it
// again when they apply their object the next time
// (https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management). Who wrote it once is not among them.
func (o Object) Appliers(field Field) (names []string) {
	var metadata struct {
		Managers []struct {
			Name      string          `json:"manager"`
			Operation string          `json:"operation"`
			Fields    json.RawMessage `json:"fieldsV1"`
		} `json:"managedFields"`
	}
	_ = bounded.JSON(o.fields["metadata"], &metadata) // What has another type is left out.
	for _, m := range metadata.Managers {
		if m.Operation == "Apply" && m.Name != FieldManager && owns(m.Fields, field) {
			names = append(names, cut(m.Name))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// owns reports whether a set of fields holds a field. A set that ends on the way holds all that is below.
func owns(set json.RawMessage, field Field) bool {
	for i, step := range field {
		var below map[string]json.RawMessage
		if err := bounded.JSON(set, &below); err != nil {
			return false
		}
		next, ok := below[step]
		if !ok {
			return i > 0 && len(below) == 0
		}
		set = next
	}
	return true
}
