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
	moment     = 5 * time.Millisecond
	longMoment = 100 * time.Millisecond
	fewParts   = login.MaxInFlight // They are asked for at once.
	// patience is how long rows wait for a namespace before theirs. Then they are printed, and it comes later.
	patience = 250 * time.Millisecond
)

// stream is a table that begins before all of it is there.
type stream struct {
	*printer
	answers     *survey.Arriving
	open        bool             // the first rows have waited
	first, late <-chan time.Time // when the first rows have waited; when a namespace is passed by
}

// read reads what a list shows, and prints rows as they come if that is a table in its own order.
func (p *printer) read(ctx context.Context) (*survey.Reading, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	progress := p.site.Env.NewProgress()
	progress.Show("Listing "+p.Kind.name, 0, 0) // Also if no server answers.
	a := p.site.Start(ctx, p.Namespaces, p.Kind.sources, func(done int) { progress.Show("Listing "+p.Kind.name, done, 0) })
	news := a.News
	if p.Format.Structured() || p.Format == "name" || p.SortBy != "" || p.Kind.together {
		news = nil
	}
	s := stream{printer: p, answers: a}
	for {
		var some *survey.Reading
		select {
		case <-a.Done:
			progress.Done()
			return s.end(ctx)
		case <-news:
			some = s.news()
		case <-s.first:
			s.open, s.first = true, nil
			some = a.Take(false)
		case <-s.late:
			s.late = nil
			some = a.Take(true)
		}
		s.patient(some)
		progress.Pause()
		if err := p.further(some); err != nil {
			return nil, err
		}
		progress.Resume()
	}
}

// news returns what has come, unless the first rows still wait for others.
func (s *stream) news() *survey.Reading {
	if s.open {
		return s.answers.Take(false)
	}
	if s.first == nil {
		wait := moment
		if s.answers.Parts() <= fewParts {
			wait = longMoment
		}
		s.first = console.Timer(s.site.Env, wait)
	}
	return nil
}

// patient begins to wait for the next namespace, after rows or where none waits yet.
func (s *stream) patient(some *survey.Reading) {
	if some != nil {
		s.late = nil
	}
	if s.open && s.late == nil {
		s.late = console.Timer(s.site.Env, patience)
	}
}

// end prints the rest, if there is a table already, and returns all.
func (s *stream) end(ctx context.Context) (*survey.Reading, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.streamed {
		if err := s.further(s.answers.Take(true)); err != nil {
			return nil, err
		}
	}
	return s.answers.Whole(), nil
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
