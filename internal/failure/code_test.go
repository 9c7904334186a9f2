package failure

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// answer is an error of package wire, as an exchange ends with it.
func answer(kind error) error { return &wire.Error{Method: "GET", URL: "https://sup/x", Kind: kind} }

// The numbers are documented, so they stand here as numbers.
func TestCode(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want int
	}{
		"nothing":                        {nil, 0},
		"anything":                       {errors.New("another"), 1},
		"forbidden by a file system":     {&tokens.WriteError{Dir: "/s", Err: errors.New("full")}, 1},
		"a session that ended":           {&tokens.LoginRequiredError{}, 1},
		"a flag":                         {Usagef("--server: missing"), 2},
		"a flag, of a refused name":      {Usagef("user: %w", wire.ErrRefused), 2},
		"401":                            {answer(wire.ErrRefused), 3},
		"403":                            {answer(wire.ErrForbidden), 3},
		"a password that was refused":    {&secret.NoPasswordError{Known: true}, 3},
		"no password":                    {&secret.NoPasswordError{}, 1},
		"no way there":                   {answer(wire.ErrUnreachable), 4},
		"500":                            {answer(wire.ErrServer), 4},
		"404":                            {answer(wire.ErrNotFound), 4},
		"a certificate":                  {&trust.UntrustedError{Host: "sup"}, 4},
		"somebody else's renewal failed": {&tokens.FailedError{Reason: "no way there"}, 4},
		"another server that says 401":   {fmt.Errorf("%w: %w", supervisor.ErrNotSupervisor, answer(wire.ErrRefused)), 4},
		"in part":                        {ErrPartial, 5},
		"in part, since it was refused":  {errors.Join(ErrPartial, answer(wire.ErrRefused)), 5},
		"Ctrl-C":                         {ErrInterrupted, 130},
		"Ctrl-C at a prompt":             {secret.ErrCancelled, 130},
		"Ctrl-C in a request":            {fmt.Errorf("%w: %w", answer(wire.ErrUnreachable), context.Canceled), 130},
	} {
		for _, err := range []error{c.err, fmt.Errorf("closer by: %w", c.err), Hint(c.err, "Do this."), Silent(c.err)} {
			if c.err == nil && err != nil {
				continue
			}
			if got := Code(err); got != c.want {
				t.Errorf("%s: %d, want %d", name, got, c.want)
			}
		}
	}
}
