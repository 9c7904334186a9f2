package command

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// Format is the value of -o: "json", "yaml", or empty for a table.
type Format string

// AddTo adds -o to a command.
func (f *Format) AddTo(c *cobra.Command) {
	c.Flags().VarP(f, "output", "o", "Output format: json or yaml. (default a table)")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"json", "yaml"}, cobra.ShellCompDirectiveNoFileComp))
}

// String implements pflag.Value, with Set and Type: a wrong format is a usage error before the command runs.
func (f *Format) String() string { return string(*f) }

// Set accepts json or yaml.
func (f *Format) Set(s string) error {
	if s != "json" && s != "yaml" {
		return fmt.Errorf("want json or yaml")
	}
	*f = Format(s)
	return nil
}

// Type returns the name of the value in the help text.
func (f *Format) Type() string { return "format" }

// Structured reports whether -o is set: a program reads the output.
func (f *Format) Structured() bool { return *f != "" }

// Write prints v as JSON or YAML, with the field names of its json tags.
func (f *Format) Write(w io.Writer, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if *f == "yaml" {
		text, err = yamlOf(text)
	} else {
		text = append(safetext.JSON(text), '\n')
	}
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}
