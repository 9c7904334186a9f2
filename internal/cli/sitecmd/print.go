package sitecmd

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
)

// listFormat is the value of -o: wide, name, json, yaml, or empty for a table.
type listFormat string

// String implements pflag.Value, with Set and Type.
func (f *listFormat) String() string { return string(*f) }

var listFormats = []string{"wide", "name", "json", "yaml"}

// Set accepts one of the formats.
func (f *listFormat) Set(s string) error {
	if !slices.Contains(listFormats, s) {
		return fmt.Errorf("want wide, name, json or yaml")
	}
	*f = listFormat(s)
	return nil
}

// Type returns the name of the value in the help text.
func (f *listFormat) Type() string { return "format" }

func (f *listFormat) addTo(c *cobra.Command) {
	c.Flags().VarP(f, "output", "o", "Output format: wide, name, json or yaml. (default a table)")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(listFormats, cobra.ShellCompDirectiveNoFileComp))
}

func (f listFormat) structured() bool { return f == "json" || f == "yaml" }

// listing is the shape of -o json.
type listing struct {
	Items []listed `json:"items"`
	// Partial means that a Supervisor could not be asked: items are missing.
	Partial bool `json:"partial,omitempty"`
}

type listed struct {
	Server    string            `json:"server"`
	Site      string            `json:"site,omitempty"` // the name of the server's site
	Namespace string            `json:"namespace,omitempty"`
	Resource  string            `json:"resource,omitempty"`
	Name      string            `json:"name"`
	Columns   map[string]string `json:"columns"` // by heading
}

// print prints rows. failed is not nil if some are missing.
func (o listOptions) print(s *survey.Site, rows []row, failed error) error {
	switch {
	case o.Format.structured():
		out := listing{Items: []listed{}, Partial: failed != nil}
		for _, r := range rows {
			columns := map[string]string{}
			for i, c := range r.columns {
				columns[c.Name] = r.cells[i]
			}
			out.Items = append(out.Items, listed{r.server, s.Names[r.server], r.namespace, r.resource, r.name, columns})
		}
		format := command.Format(o.Format)
		return format.Write(s.Env.Out, out)
	case o.Format == "name":
		for _, r := range rows {
			if o.Kind.local != nil {
				s.Env.Printf("%s", s.Called(r.server))
				continue
			}
			s.Env.Printf("%s/%s", r.resource, r.name)
		}
		return nil
	case len(rows) == 0 && failed == nil:
		s.Env.Tellf("There are no %s%s.", o.Kind.name, o.where())
		return nil
	case len(rows) == 0:
		return nil
	}
	return o.table(s, rows)
}

// where says which namespaces were looked into, if not all.
func (o listOptions) where() string {
	if len(o.Namespaces) == 0 {
		return ""
	}
	return " in " + survey.SomeOf(o.Namespaces)
}

// table prints rows below the columns that at least one of them has.
func (o listOptions) table(s *survey.Site, rows []row) error {
	columns := union(rows, o.Format == "wide")
	servers, resources := map[string]bool{}, map[string]bool{}
	for _, r := range rows {
		servers[r.server], resources[r.resource] = true, true
	}
	var headings []string
	if len(servers) > 1 && o.Kind.local == nil {
		headings = append(headings, "SERVER")
	}
	if !o.Kind.whole {
		headings = append(headings, "NAMESPACE")
	}
	if len(resources) > 1 && o.Kind.rows == nil {
		headings = append(headings, "KIND")
	}
	before := slices.Clone(headings)
	headings = append(append(headings, cmp.Or(o.Kind.title, "NAME")), columns...)
	for i, h := range headings {
		headings[i] = strings.ToUpper(h)
	}
	t := s.Env.NewTable(headings...)
	for _, r := range rows {
		var cells []string
		for _, h := range before {
			cells = append(cells, map[string]string{"SERVER": s.Called(r.server), "NAMESPACE": r.namespace, "KIND": r.kind}[h])
		}
		cells = append(cells, r.name)
		for _, c := range columns {
			cells = append(cells, r.cell(c))
		}
		for i := range cells {
			cells[i] = cmp.Or(cells[i], "-")
		}
		t.Row(cells...)
	}
	return t.Print()
}

// union returns the headings of all rows, in the order in which they come.
func union(rows []row, wide bool) (headings []string) {
	seen := map[string]bool{}
	var last []kubeapi.Column
	for _, r := range rows {
		if len(r.columns) > 0 && len(last) == len(r.columns) && &last[0] == &r.columns[0] {
			continue // Rows of one page share them.
		}
		last = r.columns
		for _, c := range r.columns {
			if name := strings.ToUpper(c.Name); !seen[name] && (wide || !c.Wide) {
				seen[name] = true
				headings = append(headings, c.Name)
			}
		}
	}
	return headings
}

// sort sorts rows by a column. Numbers, quantities, versions and ages are compared as what they are.
func (o listOptions) sort(rows []row) error {
	if o.SortBy == "" || len(rows) == 0 {
		return nil
	}
	by := func(r row) string {
		switch strings.ToUpper(o.SortBy) {
		case "NAME":
			return r.name
		case "NAMESPACE":
			return r.namespace
		case "SERVER":
			return r.server
		}
		return r.cell(o.SortBy)
	}
	headings := append([]string{"NAME", "NAMESPACE", "SERVER"}, union(rows, true)...)
	if !slices.ContainsFunc(headings, func(h string) bool { return strings.EqualFold(h, o.SortBy) }) {
		for i, h := range headings {
			headings[i] = strings.ToUpper(h)
		}
		return failure.Usagef("--sort-by: there is no column %.40q; there are %s", o.SortBy, strings.Join(headings, ", "))
	}
	slices.SortStableFunc(rows, func(a, b row) int { return compare(by(a), by(b)) })
	return nil
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
	return natural(a, b)
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

// natural compares texts with the numbers in them as numbers: v1.9 comes before v1.10.
func natural(a, b string) int {
	for a != "" && b != "" {
		x, y := digits(a), digits(b)
		if x > 0 && y > 0 {
			m, n := strings.TrimLeft(a[:x], "0"), strings.TrimLeft(b[:y], "0")
			if c := cmp.Or(cmp.Compare(len(m), len(n)), cmp.Compare(m, n)); c != 0 {
				return c
			}
			a, b = a[x:], b[y:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

// digits is how many digits a text begins with.
func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }
