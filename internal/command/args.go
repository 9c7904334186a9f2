// Package command gives commands what they share: argument checks, the -o flag, flag groups, completion of names, and the user's
// kubeconfig files.
package command

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// NoArgs returns a *failure.UsageError for any argument. cobra's own check returns an error without that exit code.
func NoArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return &failure.UsageError{Command: c.CommandPath(), Err: fmt.Errorf("%q is one word too many: %s takes flags only", args[0], c.Name())}
}

// typos is how many letters may be wrong in a command that is suggested. cobra's own zero suggests only what begins alike.
const typos = 2

// Unknown returns a usage error for a command that does not exist. It suggests similar commands.
func Unknown(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	c.SuggestionsMinimumDistance = max(1, min(typos, len(args[0])-1)) // Every short word is like another one.
	unknown := fmt.Errorf("unknown command %q", args[0])
	if suggestions := c.SuggestionsFor(args[0]); len(suggestions) > 0 {
		unknown = fmt.Errorf("%w; did you mean %s?", unknown, strings.Join(suggestions, " or "))
	}
	return &failure.UsageError{Command: c.CommandPath(), Group: c.HasSubCommands(), Err: unknown}
}

// Help prints the help. It is the RunE of a command that only groups other commands.
func Help(c *cobra.Command, _ []string) error { return c.Help() }
