package login

import (
	"context"
	"errors"
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// ErrTooMany is the reason of a host that was skipped, since others gave no clear answer.
var ErrTooMany = errors.New("not tried, since passwords of this user were refused or had no clear answer: one more refusal could lock the account")

// allowance bounds how often the hosts of one login may count a refusal. A Supervisor can name one server under many names, so that the yes of
// one host proves nothing about the next. Requests under way count until they have an answer; any answer but a yes counts on.
type allowance struct {
	mu       sync.Mutex
	changed  sync.Cond
	left     int // that may count, in all
	underway int
	counted  int
	refused  bool
	answers  map[string]bool // by host; true: yes
}

func newAllowance(left int) *allowance {
	a := &allowance{left: left, answers: map[string]bool{}}
	a.changed.L = &a.mu
	return a
}

// do calls fn, which sends the password once to a host, if one more request may count. It waits for those under way.
func (a *allowance) do(ctx context.Context, host string, fn func(context.Context) error) error {
	if err := a.begin(); err != nil {
		return err
	}
	watched, watch := trust.Watching(ctx)
	err := fn(watched)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.underway--
	var untrusted *trust.UntrustedError
	switch {
	case err == nil:
		a.answers[host] = true
	case !watch.Unsent() && !errors.As(err, &untrusted):
		a.answers[host] = false
		a.counted++
	}
	a.refused = a.refused || errors.Is(err, wire.ErrRefused)
	a.changed.Broadcast()
	return err
}

func (a *allowance) begin() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for !a.refused && a.underway > 0 && a.counted+a.underway >= a.left {
		a.changed.Wait()
	}
	switch {
	case a.refused:
		return errNotTried
	case a.counted >= a.left:
		return ErrTooMany
	}
	a.underway++
	return nil
}
