package sitecmd

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/order"
)

// settle is how long a change waits for others: an object of both APIs is one line, and a server cannot keep this program busy.
const settle = 100 * time.Millisecond

// listening is how often a watch looks whether its output is still read: "| head" ends, and nothing may change for hours.
const listening = time.Second

// watch prints the rows that change, until ctx ends or nobody reads them.
func (o listOptions) watch(ctx context.Context, out *printer, r *survey.Reading) error {
	known := byKey(o.rowsOf(r))
	following, end := context.WithCancel(ctx)
	live := out.site.Follow(following, r)
	defer live.Wait()
	defer end()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-console.Timer(out.site.Env, listening):
			if err := console.Open(out.site.Env); err != nil {
				return err
			}
			continue
		case <-live.Changed:
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-console.Timer(out.site.Env, settle):
		}
		reading := live.Reading()
		now := byKey(o.rowsOf(reading))
		maps.DeleteFunc(known, func(key string, was row) bool {
			_, there := now[key]
			return !there && reading.Hidden(was.server, was.resource, was.namespace) // It is not gone: nobody may look.
		})
		changed := out.changes(known, now)
		known = now
		order.By(changed, func(a, b row) int { return strings.Compare(a.key(), b.key()) })
		if err := o.sort(changed); err != nil {
			return err
		}
		if len(changed) == 0 {
			continue
		}
		if err := out.print(changed); err != nil {
			return err
		}
	}
}

// changes returns the rows that are new or other than before, and those that are gone.
func (p *printer) changes(known, now map[string]row) (changed []row) {
	for key, r := range now {
		if was, there := known[key]; !there || !slices.Equal(steady(was), steady(r)) {
			changed = append(changed, r)
		}
	}
	for key, was := range known {
		if _, there := now[key]; !there {
			changed = append(changed, p.gone(was))
		}
	}
	return changed
}

func byKey(rows []row) map[string]row {
	all := map[string]row{}
	for _, r := range rows {
		all[r.key()] = r
	}
	return all
}

// steady returns the cells of a row without those that change by themselves.
func steady(r row) (cells []string) {
	for i, c := range r.columns {
		switch strings.ToUpper(c.Name) {
		case "AGE", "TOKEN", "LAST SEEN", "CREATED":
		case pendingColumn:
			why, _, _ := strings.Cut(r.cells[i], " for ") // so long
			cells = append(cells, why)
		default:
			cells = append(cells, r.cells[i])
		}
	}
	return cells
}

// gone returns a row about something that is no longer there: the last column that is shown says so, else its name.
func (p *printer) gone(r row) row {
	if p.Format == "name" {
		return r // As kubectl does.
	}
	r.cells, r.brief = make([]string, len(r.columns)), nil
	if len(p.columns) > 0 {
		last := p.columns[len(p.columns)-1]
		if i := slices.IndexFunc(r.columns, func(c kubeapi.Column) bool { return strings.EqualFold(c.Name, last) }); i >= 0 {
			r.cells[i] = "gone"
			return r
		}
	}
	r.name += " (gone)"
	return r
}
