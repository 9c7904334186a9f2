// Command gendocs prints docs/commands.md: the help of every command, as Markdown.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
)

func main() {
	if err := write(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "gendocs:", err)
		os.Exit(1)
	}
}

func write(w io.Writer) error {
	root := cli.Command(&console.Env{IOStreams: genericiooptions.NewTestIOStreamsDiscard(), Getenv: func(string) string { return "" }}, cli.Build{})
	root.DisableAutoGenTag = true
	fmt.Fprintln(w, "# Commands")
	fmt.Fprintln(w, "\nMade by `make generate` from the program's help. `kubectl vsphere` and `kubectl-vsphere` are the same.")
	return page(w, root)
}

// page prints a command and those below it.
func page(w io.Writer, c *cobra.Command) error {
	var b bytes.Buffer
	if err := doc.GenMarkdownCustom(c, &b, func(string) string { return "" }); err != nil {
		return err
	}
	text, _, _ := bytes.Cut(b.Bytes(), []byte("### SEE ALSO"))
	fmt.Fprintf(w, "\n%s", string(bytes.TrimRight(text, "\n"))+"\n")
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() && !sub.IsAdditionalHelpTopicCommand() {
			if err := page(w, sub); err != nil {
				return err
			}
		}
	}
	return nil
}
