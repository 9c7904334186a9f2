package command

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// Format is the value of -o: "json", "yaml", or empty for a table. Some commands have others.
type Format string

// AddTo adds -o, with json and yaml, to a command.
func (f *Format) AddTo(c *cobra.Command) {
	f.AddFormats(c, "Output format: json or yaml. (default a table)", "json", "yaml")
}

// AddFormats adds -o, with formats of a command's own.
func (f *Format) AddFormats(c *cobra.Command, usage string, formats ...string) {
	c.Flags().VarP(f.Of(formats...), "output", "o", usage)
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
}

// Of returns the value of a flag that takes two formats or more: another one is a usage error before the command runs.
func (f *Format) Of(formats ...string) pflag.Value { return oneOf{f, formats} }

// oneOf implements pflag.Value.
type oneOf struct {
	to      *Format
	formats []string
}

func (o oneOf) String() string {
	if o.to == nil { // pflag asks a zero value, to find out whether there is a default.
		return ""
	}
	return string(*o.to)
}

// Set implements pflag.Value.
func (o oneOf) Set(s string) error {
	if !slices.Contains(o.formats, s) {
		last := len(o.formats) - 1
		return fmt.Errorf("want %s or %s", strings.Join(o.formats[:last], ", "), o.formats[last])
	}
	*o.to = Format(s)
	return nil
}

// Type implements pflag.Value.
func (o oneOf) Type() string { return "format" }

// Structured reports whether a program reads the output: json or yaml.
func (f *Format) Structured() bool { return *f == "json" || *f == "yaml" }

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
