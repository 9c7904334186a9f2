// Package command holds what commands share: checks of arguments, the -o flag, completion of names.
package command

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// NoArgs refuses arguments as a usage error, so that the exit code tells a typing mistake from a failure.
func NoArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return &failure.UsageError{Command: c.CommandPath(), Err: fmt.Errorf("%q is one word too many: %s takes flags only", args[0], c.Name())}
}

// Unknown refuses a mistyped command and says which ones are like it.
func Unknown(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if like := c.SuggestionsFor(args[0]); len(like) > 0 {
		return failure.Usagef("unknown command %q; did you mean %s?", args[0], strings.Join(like, " or "))
	}
	return failure.Usagef("unknown command %q", args[0])
}

// Help is the run function of a command that only groups others.
func Help(c *cobra.Command, _ []string) error { return c.Help() }
