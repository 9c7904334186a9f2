package consoletest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
)

// Result is what a run left.
type Result struct {
	Code     int
	Out, Err string

	t    testing.TB
	args []string
}

// maxRun bounds a run: a command that waits for what nobody does is a failure of the test. With the race detector, on a busy machine, a long
// list takes half a minute.
const maxRun = 90 * time.Second

// Run runs the program with arguments. A person who was told what to answer must have been asked all of that.
func (w *World) Run(args ...string) Result {
	w.t.Helper()
	var code int
	r := w.Do(func(ctx context.Context, e *console.Env) { code = w.Program(ctx, e, args) })
	r.Code, r.args = code, args
	return r
}

// Do calls what needs an Env, with the person at the terminal if there is one. The result has no exit code.
func (w *World) Do(do func(ctx context.Context, e *console.Env)) Result {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), maxRun)
	defer cancel()
	w.mu.Lock()
	w.between, w.cancel = w.Between, cancel
	w.mu.Unlock()
	e := w.Env()
	out, errOut := e.Out.(*Stream), e.ErrOut.(*Stream)
	left := func() []Answer { return nil }
	if w.person != nil {
		left = w.sit(e, errOut, cancel)
	}
	do(ctx, e)
	w.settle()
	for _, answer := range left() {
		w.t.Errorf("nobody asked %q; standard error is:\n%s", answer.To, errOut)
	}
	if ctx.Err() == context.DeadlineExceeded {
		w.t.Errorf("the run did not end within %s; standard error is:\n%s", maxRun, errOut)
	}
	checkNarrow(w.t, errOut.String())
	return Result{Out: out.String(), Err: errOut.String(), t: w.t}
}

// Exits fails the test unless the run ended with code.
func (r Result) Exits(code int) Result {
	r.t.Helper()
	if r.Code != code {
		r.t.Errorf("%q ended with %d, not %d\n%s%s", r.args, r.Code, code, r.Out, r.Err)
	}
	return r
}

// Says fails the test unless each text is in one of the streams.
func (r Result) Says(texts ...string) Result {
	r.t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.Out, text) && !strings.Contains(r.Err, text) {
			r.t.Errorf("%q does not say %q\n%s%s", r.args, text, r.Out, r.Err)
		}
	}
	return r
}

// Omits fails the test if a text is in one of the streams.
func (r Result) Omits(texts ...string) Result {
	r.t.Helper()
	for _, text := range texts {
		if strings.Contains(r.Out, text) || strings.Contains(r.Err, text) {
			r.t.Errorf("%q says %q\n%s%s", r.args, text, r.Out, r.Err)
		}
	}
	return r
}
