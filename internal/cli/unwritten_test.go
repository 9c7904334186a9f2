package cli_test

import (
	"context"
	"io"
	"strings"
	"syscall"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// full is a stream on a disk without room.
type full struct{ io.Writer }

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// A command that has said on standard output what is wrong ends without a further word. If that could not be written, the user is told so.
func TestFindingsThatCannotBeWritten(t *testing.T) {
	w := clitest.New(t)
	w.Vars["KUBECONFIG"] = w.WriteFile("odd", "contexts: [", 0o600)
	run := func(out func(e *console.Env)) (code int, said string) {
		r := w.Do(func(ctx context.Context, e *console.Env) {
			out(e)
			code = cli.Run(ctx, e, cli.Build{}, []string{"doctor"})
		})
		return code, r.Err
	}
	if code, said := run(func(*console.Env) {}); code != failure.Failed || said != "" {
		t.Errorf("%d %q", code, said)
	}
	code, said := run(func(e *console.Env) { e.Out = full{} })
	if code != failure.Failed || !strings.HasPrefix(said, "error: write to standard output: no space left on device\n") {
		t.Errorf("%d %q", code, said)
	}
}
