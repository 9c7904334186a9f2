package sitecmd

import (
	"context"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
)

// A table begins before all of it is there. Its rows are in the order of servers and namespaces all the same.
const (
	// moment is how long the first rows wait for others. Up to fewParts parts wait for longer: what they hold is most often one table, whose
	// columns fit all rows.
	moment     = 15 * time.Millisecond
	longMoment = 100 * time.Millisecond
	fewParts   = login.MaxInFlight // They are asked for at once.
	// patience is how long rows wait for a namespace before theirs. Then they are printed, and it comes later.
	patience = 250 * time.Millisecond
)

// read reads what a list shows, and prints rows as they come if that is a table in its own order.
func (p *printer) read(ctx context.Context) (*survey.Reading, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	progress := p.site.Env.NewProgress()
	progress.Show("Listing "+p.Kind.name, 0, 0) // Also if no server answers.
	a := p.site.Start(ctx, p.Namespaces, p.Kind.sources, func(done int) { progress.Show("Listing "+p.Kind.name, done, 0) })
	news := a.News
	if p.Format.structured() || p.Format == "name" || p.SortBy != "" || p.Kind.together {
		news = nil
	}
	open := false // the first rows have waited
	var first, late <-chan time.Time
	for {
		var some *survey.Reading
		select {
		case <-a.Done:
			progress.Done()
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if p.streamed {
				if err := p.further(a.Take(true)); err != nil {
					return nil, err
				}
			}
			return a.Whole(), nil
		case <-news:
			if !open && first == nil {
				wait := moment
				if a.Parts() <= fewParts {
					wait = longMoment
				}
				first = console.Timer(p.site.Env, wait)
			}
			if open {
				some = a.Take(false)
			}
		case <-first:
			open, first = true, nil
			some = a.Take(false)
		case <-late:
			late = nil
			some = a.Take(true)
		}
		if some != nil {
			late = nil
		}
		if open && late == nil {
			late = console.Timer(p.site.Env, patience)
		}
		progress.Pause()
		if err := p.further(some); err != nil {
			return nil, err
		}
		progress.Resume()
	}
}

// further prints the rows of a reading, if there are any.
func (p *printer) further(r *survey.Reading) error {
	if r == nil {
		return nil
	}
	rows := p.rowsOf(r)
	if len(rows) == 0 {
		return nil
	}
	p.streamed = true
	return p.print(rows)
}

// rowsOf returns the rows of what was read.
func (o listOptions) rowsOf(r *survey.Reading) []row {
	if o.Kind.rows == nil {
		return served(r)
	}
	return o.Kind.rows(r)
}
