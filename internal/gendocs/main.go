// Command gendocs prints docs/commands.md: the help of every command, as Markdown. With the argument troubleshooting it prints
// docs/troubleshooting.md: the checks of doctor, and the messages that have a next step in the source. With the argument security it reads
// docs/security.md from standard input, and prints it with the table of who may have a secret. With the arguments man DIR DAY VERSION it
// writes manual pages into a directory.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/doctor"
)

const intro = `# Commands

` + "`make generate`" + ` writes this page from the program's help. ` + "`kubectl vsphere`" + ` and ` + "`kubectl-vsphere`" + `
are the same program.
`

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "gendocs:", err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	switch {
	case len(args) == 0:
		return write(out, tree())
	case args[0] == "troubleshooting":
		found, err := messagesPage(".")
		if err == nil {
			_, err = io.WriteString(out, doctor.Page()+found)
		}
		return err
	case args[0] == "man" && len(args) == 4:
		return manual(args[1], args[2], args[3])
	case args[0] != "security":
		return fmt.Errorf("there is no page %q", args[0])
	}
	page, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	text, err := security(string(page))
	if err == nil {
		_, err = io.WriteString(out, text)
	}
	return err
}

// tree returns the root command, with an environment that is empty.
func tree() *cobra.Command {
	e := &console.Env{IOStreams: genericiooptions.NewTestIOStreamsDiscard(), Getenv: func(string) string { return "" }}
	return cli.Command(e, cli.Build{})
}

func write(w io.Writer, root *cobra.Command) error {
	var b strings.Builder
	b.WriteString(intro)
	section(&b, root)
	_, err := io.WriteString(w, b.String())
	return err
}

// section writes a command and the commands below it.
func section(b *strings.Builder, c *cobra.Command) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n", c.CommandPath(), strings.TrimSpace(c.Long))
	if c.Hidden {
		b.WriteString("\nThe help of the parent command does not list this command.\n")
	}
	if c.Runnable() && !c.HasSubCommands() {
		code(b, c.UseLine())
	}
	if c.HasExample() {
		b.WriteString("\n### Examples\n")
		code(b, c.Example)
	}
	for _, heading := range command.Headings(c) {
		flags(b, heading, command.Grouped(c, heading))
	}
	switch {
	case !c.HasParent():
		flags(b, "Flags of every command", c.PersistentFlags())
	case len(command.Headings(c)) == 0:
		flags(b, "Flags", command.Grouped(c, ""))
	default:
		flags(b, "Other flags", command.Grouped(c, ""))
	}
	for _, sub := range c.Commands() {
		section(b, sub)
	}
}

// flags writes a set of flags under a heading, unless the set is empty.
func flags(b *strings.Builder, heading string, set *pflag.FlagSet) {
	if set.HasAvailableFlags() {
		fmt.Fprintf(b, "\n### %s\n", heading)
		code(b, set.FlagUsages())
	}
}

// code writes a block of code.
func code(b *strings.Builder, text string) {
	fmt.Fprintf(b, "\n```\n%s\n```\n", strings.TrimRight(text, "\n"))
}
