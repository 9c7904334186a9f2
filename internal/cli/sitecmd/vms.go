package sitecmd

import (
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

func vmKind() *kind {
	return &kind{
		name: "vms", aliases: []string{"vm", "virtualmachine", "virtualmachines"}, short: "virtual machines, also those of clusters",
		sources: []*survey.Source{{Resource: tkg.VMResource, Row: true, Facts: func(o kubeapi.Object) any { return tkg.VMOf(o).State(o) }}},
		rows:    vmRows,
	}
}

// vmRows has the state before the server's own columns, which do not say why a virtual machine is not made. Their power state is left for
// -o wide.
func vmRows(r *survey.Reading) (all []row) {
	var last, columns []kubeapi.Column
	for _, i := range r.Items {
		if columns == nil || !slices.Equal(last, i.Columns) {
			last, columns = i.Columns, append(columnsOf("STATE"), i.Columns...)
			for n, c := range columns {
				columns[n].Wide = c.Wide || strings.EqualFold(c.Name, "Power-State")
			}
		}
		all = append(all, rowOf(i, columns, append([]string{i.Facts.(string)}, i.Cells...)...))
	}
	return all
}
