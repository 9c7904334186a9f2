// Package doctor looks for what is wrong on this machine, on the way to the servers, and at them, and says what to type. It only looks: it
// sends no password, renews nothing and changes nothing. A token that the store has goes to the server of its context alone, as kubectl
// sends it.
package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/duration"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/order"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// State is how a check ended.
type State string

// The states, from good to bad.
const (
	Skipped State = "skipped" // there was nothing to look at
	OK      State = "ok"
	Note    State = "note" // nothing is wrong, and the user should know it
	Problem State = "problem"
)

var states = []State{Skipped, OK, Note, Problem}

// Finding is one thing that a check found.
type Finding struct {
	State State `json:"state"`
	// About names a server, a context or a file; empty: the whole machine.
	About string `json:"about,omitempty"`
	Says  string `json:"says"`
	// Remedy is what to do or to type; empty: nothing.
	Remedy string `json:"remedy,omitempty"`
}

func ok(about, format string, args ...any) Finding { return found(OK, about, format, args...) }

func note(about, format string, args ...any) Finding { return found(Note, about, format, args...) }

func problem(about, format string, args ...any) Finding {
	return found(Problem, about, format, args...)
}

// The bounds of texts, in characters: servers and files of others are quoted in them.
const (
	maxAbout  = 300
	maxSays   = 1000
	maxRemedy = 4000
)

func found(state State, about, format string, args ...any) Finding {
	return Finding{State: state, About: safetext.Line(about, maxAbout), Says: safetext.Line(fmt.Sprintf(format, args...), maxSays)}
}

// do adds a remedy.
func (f Finding) do(format string, args ...any) Finding {
	f.Remedy = safetext.Block(fmt.Sprintf(format, args...), maxRemedy)
	return f
}

// errLate is why something was not looked at: what was before it in the queue took the time.
var errLate = errors.New("there was no time left to look at it")

// inTime returns errLate for an error that is due to the end of all checks.
func inTime(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return errLate
	}
	return err
}

// unseen is a problem of a server that there was no time for.
func unseen(s *server) Finding {
	return problem(s.name, "%s", errLate).do("Look at it alone. Type: kubectl vsphere doctor --server %s", failure.Quote(s.name))
}

// failed is a problem with the words of an error and its next step; without one it is otherwise.
func failed(about string, err error, otherwise string) Finding {
	return problem(about, "%s", safetext.Error(err)).do("%s", cmp.Or(failure.NextStep(err), otherwise))
}

// Check is one row of the table of checks.
type Check struct {
	Name   string // one word
	What   string // what is looked at
	Why    string // what does not work otherwise
	Remedy string // what usually helps
	run    func(ctx context.Context, p *patient) []Finding
}

// Result is what a check found.
type Result struct {
	Name     string    `json:"name"`
	State    State     `json:"state"` // the worst one of its findings
	Findings []Finding `json:"findings,omitempty"`
}

// Report is what all checks found, in the order of the table.
type Report struct {
	Problems int      `json:"problems"`
	Checks   []Result `json:"checks"`
}

// Options say what to look at.
type Options struct {
	Env     *console.Env
	Server  string // canonical address of the only Supervisor; empty: all that are known
	Context string // the only context; empty: all that login wrote
	// Registries returns what registry clients will stumble on, for each registry; nil: registries are not looked at.
	Registries func(ctx context.Context, e *console.Env) ([]Finding, error)
	// Keychain is where the saved password of an account is looked for; nil: the one of the system.
	Keychain func(account string) secret.Source
	// Limit bounds all checks together; 0 is 10 seconds.
	Limit time.Duration
}

const (
	limit      = 10 * time.Second
	oneRequest = 4 * time.Second // the time of one request: a few of them fit
)

// Run runs all checks at once. A check that does not end in time is a problem of its own. What does not obey the context, such as a dead
// file system, is left behind, also if the caller's context ends.
func Run(caller context.Context, o Options) (Report, error) {
	o.Limit = cmp.Or(o.Limit, limit)
	ctx, cancel := context.WithTimeout(caller, o.Limit)
	defer cancel()
	late := time.NewTimer(o.Limit + grace)
	defer late.Stop()
	over := bounds{late.C, caller.Done()}
	type read struct {
		p   *patient
		err error
	}
	begun := make(chan read, 1)
	go func() {
		p, err := newPatient(ctx, o)
		begun <- read{p, err}
	}()
	select {
	case r := <-begun:
		if r.err != nil {
			return Report{}, r.err
		}
		return r.p.examine(ctx, over), caller.Err()
	case <-caller.Done():
		return Report{}, caller.Err()
	case <-late.C:
		return Report{}, fmt.Errorf("the kubeconfig or the store could not be read within %s: is their file system there?", duration.Text(o.Limit))
	}
}

// bounds are when nothing is waited for any more.
type bounds struct {
	late   <-chan time.Time
	caller <-chan struct{}
}

// examine runs all checks, and waits for them until it is too late.
func (p *patient) examine(ctx context.Context, over bounds) Report {
	checks := Checks()
	type done struct {
		at       int
		findings []Finding
	}
	ended := make(chan done, len(checks))
	for i, c := range checks {
		go func() { ended <- done{i, c.run(ctx, p)} }()
	}
	r := Report{Checks: make([]Result, len(checks))}
	for i, c := range checks {
		r.Checks[i] = resultOf(c.Name, []Finding{problem("", "this check did not end within %s", duration.Text(p.Limit)).do("%s", c.Remedy)})
	}
wait:
	for range checks {
		select {
		case d := <-ended:
			r.Checks[d.at] = resultOf(checks[d.at].Name, d.findings)
		case <-over.late:
			break wait
		case <-over.caller:
			break wait
		}
	}
	r.count()
	return r
}

// count counts the problems.
func (r *Report) count() {
	for _, c := range r.Checks {
		for _, f := range c.Findings {
			if f.State == Problem {
				r.Problems++
			}
		}
	}
}

// grace is how long checks may take to see that the time is over.
const grace = 500 * time.Millisecond

// maxFindings bounds the findings of one check. A kubeconfig may have thousands of entries.
const maxFindings = 200

// resultOf sorts the findings of a check: problems first, then by what they are about.
func resultOf(name string, all []Finding) Result {
	rank := func(f Finding) int { return -slices.Index(states, f.State) }
	order.By(all, func(a, b Finding) int {
		if rank(a) != rank(b) {
			return rank(a) - rank(b)
		}
		return strings.Compare(a.About, b.About)
	})
	r := Result{Name: name, State: Skipped, Findings: all}
	if len(all) == 0 {
		return r
	}
	r.State = all[0].State
	if more := len(all) - maxFindings; more > 0 {
		r.Findings = slices.Concat(all[:maxFindings], []Finding{note("", "%d more findings are left out", more)})
	}
	return r
}
