package sitecmd

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
)

// listing is the shape of -o json. docs/reference.md says what each field is.
type listing struct {
	Kind  string   `json:"kind"`
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

// print prints all rows. failed is not nil if some are missing.
func (o listOptions) print(s *survey.Site, rows []row, failed error) error {
	return o.newPrinter(s).all(rows, failed)
}

// all prints all rows. failed is not nil if some are missing.
func (p *printer) all(rows []row, failed error) error {
	switch {
	case p.Format.Structured():
		out := listing{Kind: p.Kind.name, Items: []listed{}, Partial: failed != nil}
		for _, r := range rows {
			columns := map[string]string{}
			for i, c := range r.columns {
				columns[c.Name] = r.cells[i]
			}
			out.Items = append(out.Items, listed{r.server, p.site.Names[r.server], r.namespace, r.resource, r.name, columns})
		}
		return p.Format.Write(p.site.Env.Out, out)
	case len(rows) == 0 && failed == nil && p.Format != "name":
		p.site.Env.Tellf("There are no %s%s%s.", p.Kind.name, p.where(), map[bool]string{true: " that you may list"}[p.hidden])
		return nil
	case len(rows) == 0:
		return nil
	}
	return p.print(rows)
}

// where says which namespaces were looked into, if not all.
func (o listOptions) where() string {
	if len(o.Namespaces) == 0 {
		return ""
	}
	return " in " + survey.SomeOf(o.Namespaces)
}

// printer prints rows below headings, or names, as they come.
type printer struct {
	listOptions
	site    *survey.Site
	columns []string // the headings after that of the names
	table   *console.Table
	// streamed means that rows were printed before all were there.
	streamed bool
	// hidden means that there may be more, which the user may not list.
	hidden bool
}

func (o listOptions) newPrinter(s *survey.Site) *printer { return &printer{listOptions: o, site: s} }

// print prints rows. Those with a column that none before them had begin a new table.
func (p *printer) print(rows []row) error {
	if p.Format == "name" {
		for _, r := range rows {
			p.site.Env.Printf("%s", p.nameOf(r))
		}
		return nil
	}
	before := p.before()
	if columns := union(p.columns, rows, p.Format == "wide"); p.table == nil || len(columns) > len(p.columns) {
		if p.table != nil {
			p.site.Env.Printf("")
		}
		p.columns = columns
		headings := slices.Concat(before, []string{cmp.Or(p.Kind.title, "NAME")}, columns)
		for i, h := range headings {
			headings[i] = strings.ToUpper(h)
		}
		p.table = p.site.Env.NewTable(headings...)
	}
	for _, r := range rows {
		var cells []string
		for _, h := range before {
			cells = append(cells, map[string]string{"SERVER": p.site.Called(r.server), "NAMESPACE": r.namespace, "KIND": r.kind}[h])
		}
		cells = append(cells, r.name)
		for _, c := range p.columns {
			cell, short := r.brief[c]
			if !short || p.Format == "wide" {
				cell = r.cell(c)
			}
			cells = append(cells, cell)
		}
		for i := range cells {
			cells[i] = cmp.Or(cells[i], "-")
		}
		p.table.Row(cells...)
	}
	return p.table.Print()
}

// nameOf is how -o name names a row.
func (p *printer) nameOf(r row) string {
	if p.Kind.local != nil {
		return p.site.Called(r.server)
	}
	return r.resource + "/" + r.name
}

// before returns the headings before the names. They do not depend on what is there, so that a table looks the same each time.
func (p *printer) before() (headings []string) {
	if p.Kind.local == nil && len(p.site.Servers(p.Namespaces)) > 1 {
		headings = append(headings, "SERVER")
	}
	if !p.Kind.whole {
		headings = append(headings, "NAMESPACE")
	}
	if p.Kind.mixed {
		headings = append(headings, "KIND")
	}
	return headings
}

// union returns headings with those of rows that are not among them, in the order in which they come.
func union(headings []string, rows []row, wide bool) []string {
	seen := map[string]bool{}
	for _, h := range headings {
		seen[strings.ToUpper(h)] = true
	}
	headings = slices.Clone(headings)
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
