package sitecmd

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/order"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// sort sorts rows by a column. Numbers, quantities, versions and ages are compared as what they are.
func (o listOptions) sort(rows []row) error {
	if o.SortBy == "" || len(rows) == 0 {
		return nil
	}
	if err := o.sortable(headingsOf(rows)); err != nil {
		return err
	}
	column, _ := fieldColumn(o.SortBy)
	if column == created {
		order.By(rows, func(a, b row) int { return a.created.Compare(b.created) })
		return nil
	}
	by := func(r row) string {
		switch strings.ToUpper(column) {
		case "NAME":
			return r.name
		case "NAMESPACE":
			return r.namespace
		case "SERVER":
			return r.server
		case "KIND":
			return r.kind
		}
		return r.cell(column)
	}
	order.By(rows, func(a, b row) int { return compare(by(a), by(b)) })
	return nil
}

// sortableBy returns a usage error for a column that no row will have, before anybody is asked: a typing error is one without rows too.
func (o listOptions) sortableBy(columns []kubeapi.Column) error {
	if o.SortBy == "" {
		return nil
	}
	return o.sortable(headingsOf([]row{{columns: columns}}))
}

// sortable returns a usage error if rows with these headings cannot be sorted.
func (o listOptions) sortable(headings []string) error {
	column, path := fieldColumn(o.SortBy)
	switch {
	case path && column == "":
		return failure.Usagef("--sort-by: of the paths of kubectl, there are %s; else it takes a column: %s", strings.Join(fieldPaths(), ", "), strings.Join(headings, ", "))
	case column == created, slices.Contains(headings, strings.ToUpper(column)):
		return nil
	}
	err := fmt.Errorf("--sort-by: there is no column %.40q; there are %s", column, strings.Join(headings, ", "))
	plain := slices.DeleteFunc(slices.Clone(headings), func(h string) bool { return strings.Contains(h, " ") })
	if alike := command.Similar(strings.ToUpper(column), plain); len(alike) > 0 {
		err = fmt.Errorf("--sort-by: there is no column %.40q; did you mean %s?", column, strings.Join(alike, " or "))
	}
	return failure.Usagef("%w", err)
}

// headingsOf returns the names of the columns that rows can be sorted by.
func headingsOf(rows []row) []string {
	headings := union([]string{"NAME", "NAMESPACE", "SERVER", "KIND"}, rows, true)
	for i, h := range headings {
		headings[i] = strings.ToUpper(h)
	}
	return headings
}

// created stands for the time of creation, oldest first, as kubectl sorts by it. The column AGE is the other way round.
const created = "(created)"

// fields are the paths of kubectl that name what every row has. Rows are joined from several objects, of which no other field is kept.
var fields = map[string]string{".metadata.name": "NAME", ".metadata.namespace": "NAMESPACE", ".metadata.creationTimestamp": created, ".kind": "KIND"}

func fieldPaths() []string { return slices.Sorted(maps.Keys(fields)) }

// fieldColumn returns the column of a path as kubectl spells one: {.metadata.name}, .metadata.name or metadata.name. Any other text is a column.
func fieldColumn(typed string) (column string, path bool) {
	if column, ok := fields["."+strings.TrimPrefix(strings.Trim(typed, "{}"), ".")]; ok {
		return column, true
	}
	if strings.ContainsAny(typed, "{}") || strings.HasPrefix(typed, ".") {
		return "", true
	}
	return typed, false
}

// compare compares two cells. What has no value is last.
func compare(a, b string) int {
	if a == "" || b == "" {
		return cmp.Compare(b, a)
	}
	if x, err := resource.ParseQuantity(a); err == nil {
		if y, err := resource.ParseQuantity(b); err == nil {
			return x.Cmp(y)
		}
	}
	if x, isAge := age(a); isAge {
		if y, isAge := age(b); isAge {
			return cmp.Compare(x, y)
		}
	}
	return tkg.Natural(a, b)
}

// age reads a duration as kubectl prints it: 2y30d, 5d, 7h58m.
func age(s string) (total time.Duration, ok bool) {
	units := map[byte]time.Duration{'y': 365 * 24 * time.Hour, 'd': 24 * time.Hour, 'h': time.Hour, 'm': time.Minute, 's': time.Second}
	for s != "" {
		n := digits(s)
		number, err := strconv.Atoi(s[:n])
		if err != nil || n == len(s) || units[s[n]] == 0 {
			return 0, false
		}
		total, s = total+time.Duration(number)*units[s[n]], s[n+1:]
	}
	return total, true
}

// digits is how many digits a text begins with.
func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }
