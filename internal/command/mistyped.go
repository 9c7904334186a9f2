package command

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// FlagError makes a usage error of a flag that cannot be read. For one that does not exist, it names those that are spelled alike. The flags
// of a command that does not exist are not looked at.
func FlagError(c *cobra.Command, err error) error {
	if words := c.Flags().Args(); c.HasSubCommands() && len(words) > 0 {
		if unknown := c.ValidateArgs(words); unknown != nil {
			return unknown
		}
	}
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		if better := instead(c, unknown); better != "" {
			err = fmt.Errorf("%w; %s", err, better)
		}
	}
	return &failure.UsageError{Command: c.CommandPath(), Err: err}
}

// instead says what to type in place of a flag that does not exist; empty: nothing is like it.
func instead(c *cobra.Command, unknown *pflag.NotExistError) string {
	name := unknown.GetSpecifiedName()
	if name == "password" || name == "p" {
		of := ""
		if c.Flags().Lookup("password-stdin") == nil {
			of = ` of "kubectl vsphere login"`
		}
		return "others could read a password there: use --password-stdin" + of + ", or set " + failure.PasswordVariable
	}
	if unknown.GetSpecifiedShortnames() != "" {
		return ""
	}
	if alike := similar(c, name); len(alike) > 0 {
		return "did you mean --" + strings.Join(alike, " or --") + "?"
	}
	return ""
}

// similar returns the flags of a command that are spelled like a name.
func similar(c *cobra.Command, name string) []string {
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return Similar(name, names)
}

// Similar returns those of the names that are spelled like a word, by cobra's measure for commands.
func Similar(word string, names []string) []string {
	all := &cobra.Command{SuggestionsMinimumDistance: max(1, min(typos, len(word)-1))}
	for _, name := range names {
		all.AddCommand(&cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}})
	}
	return all.SuggestionsFor(word)
}

// StrictHelp makes the help command of root refuse the name of a command that does not exist. cobra prints the help of the last one that
// does, with exit code 0.
func StrictHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	help := child(root, "help")
	help.Short, help.Long = "Shows the help of a command.", "Shows the help of a command, as its flag --help does."
	help.Example = "  kubectl vsphere help login"
	help.Args = func(_ *cobra.Command, args []string) error {
		of, rest, err := root.Find(args)
		if err != nil {
			return &failure.UsageError{Command: of.CommandPath(), Err: err}
		}
		return Unknown(of, rest)
	}
}

// StrictCompletion does the same for the completion commands, which cobra adds for a command line.
func StrictCompletion(root *cobra.Command, line []string) {
	root.InitDefaultCompletionCmd(line...)
	completion := child(root, "completion")
	completion.Args, completion.RunE = Unknown, Help
	for _, shell := range completion.Commands() {
		shell.Args = NoArgs
	}
}

func child(c *cobra.Command, name string) *cobra.Command {
	all := c.Commands()
	return all[slices.IndexFunc(all, func(c *cobra.Command) bool { return c.Name() == name })]
}

// Misused returns a usage error if the help of a command is asked for with arguments that it does not take. cobra does not look at them.
func Misused(c *cobra.Command) error {
	if help := c.Flags().Lookup("help"); help == nil || help.Value.String() != "true" || c.Flags().NArg() == 0 {
		return nil
	}
	return c.ValidateArgs(c.Flags().Args())
}
