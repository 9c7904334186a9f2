package describecmd

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
)

// page is what describe prints of one thing: what is wrong first.
type page struct {
	title    string
	facts    [][2]string // a name and a value
	problems []problem
	parts    []part
}

// pageInfo is the shape of `describe -o json`.
type pageInfo struct {
	Title    string        `json:"title"`
	Problems []problemInfo `json:"problems"`
	Facts    []factInfo    `json:"facts"`
	Tables   []tableInfo   `json:"tables"`
}

type problemInfo struct {
	Wrong string `json:"wrong"`
	Todo  string `json:"todo,omitempty"`
}

type factInfo struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type tableInfo struct {
	Heading string              `json:"heading"`
	Rows    []map[string]string `json:"rows"` // by the headings of the columns
}

// info returns the page for a program.
func (p *page) info() pageInfo {
	info := pageInfo{Title: p.title, Problems: []problemInfo{}, Facts: []factInfo{}, Tables: []tableInfo{}}
	for _, wrong := range p.problems {
		info.Problems = append(info.Problems, problemInfo{wrong.what, wrong.todo})
	}
	for _, f := range p.facts {
		info.Facts = append(info.Facts, factInfo{f[0], f[1]})
	}
	for _, part := range p.parts {
		table := tableInfo{Heading: part.heading}
		for _, row := range part.rows[1:] {
			cells := map[string]string{}
			for i, cell := range row {
				cells[part.rows[0][i]] = cell
			}
			table.Rows = append(table.Rows, cells)
		}
		info.Tables = append(info.Tables, table)
	}
	return info
}

// problem is something that is wrong.
type problem struct {
	what string
	todo string // what to do; empty: nobody knows
}

// part is a table with a heading.
type part struct {
	heading string
	rows    [][]string // the first one has the headings
}

// fact adds a line, unless the value is empty.
func (p *page) fact(name, value string) {
	if value != "" {
		p.facts = append(p.facts, [2]string{name, value})
	}
}

// wrong adds a problem, once.
func (p *page) wrong(what, todo string) {
	if !slices.Contains(p.problems, problem{what, todo}) {
		p.problems = append(p.problems, problem{what, todo})
	}
}

// table adds a part with rows below headings, unless there are none.
func (p *page) table(heading string, headings []string, rows [][]string) {
	if len(rows) > 0 {
		p.parts = append(p.parts, part{heading, append([][]string{headings}, rows...)})
	}
}

// print writes the page.
func (p *page) print(e *console.Env) error {
	on := console.Page{Env: e}
	on.Headingf("%s", p.title)
	for _, problem := range p.problems {
		e.Printf("")
		on.Labelf(console.Bad, "Wrong:", "%s", strings.TrimSuffix(problem.what, "."))
		if problem.todo != "" {
			on.Labelf(console.Bold, "To do:", "%s", problem.todo)
		}
	}
	e.Printf("")
	on.Facts(p.facts)
	for _, part := range p.parts {
		e.Printf("")
		on.Headingf("%s:", part.heading)
		t := e.NewTable(part.rows[0]...)
		for _, row := range part.rows[1:] {
			cells := slices.Clone(row)
			for i := range cells {
				cells[i] = cmp.Or(cells[i], "-")
			}
			t.Row(cells...)
		}
		if err := t.Print(); err != nil {
			return err
		}
	}
	return nil
}
