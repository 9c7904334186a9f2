package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"
)

// outputFormat is the value of -o: empty for a table that people read, "json" or "yaml".
type outputFormat string

func (f *outputFormat) addTo(c *cobra.Command) {
	c.Flags().VarP(f, "output", "o", "Output format: json or yaml; a table for people by default.")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"json", "yaml"}, cobra.ShellCompDirectiveNoFileComp))
}

// String, Set and Type make it a pflag.Value, so that a wrong format is told before anything is done.
func (f *outputFormat) String() string { return string(*f) }

// Set takes json or yaml.
func (f *outputFormat) Set(s string) error {
	if s != "json" && s != "yaml" {
		return fmt.Errorf("want json or yaml")
	}
	*f = outputFormat(s)
	return nil
}

// Type names the value in the help text.
func (f *outputFormat) Type() string { return "format" }

func (f *outputFormat) structured() bool { return *f != "" }

// write prints v, whose shape is given by its json tags.
func (f *outputFormat) write(w io.Writer, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if *f == "yaml" {
		// YAML would write them raw again: here they are spelled out.
		text, err = yaml.JSONToYAML(harmlessJSON(text, func(r rune) string { return fmt.Sprintf(`\\u%04x`, r) }))
		if err != nil {
			return err
		}
	} else {
		text = append(harmlessJSON(text, escapeJSON), '\n')
	}
	_, err = w.Write(text)
	return err
}

// harmlessJSON replaces what could command a terminal or turn text around: servers and files of others say some of it.
func harmlessJSON(text []byte, escape func(rune) string) []byte {
	var out []byte
	for _, r := range string(text) {
		if r < 0x7f || unicode.IsPrint(r) { // JSON has escaped what is below a space.
			out = utf8.AppendRune(out, r)
		} else {
			out = append(out, escape(r)...)
		}
	}
	return out
}

// escapeJSON is a rune in the letters of JSON (RFC 8259, section 7).
func escapeJSON(r rune) (s string) {
	for _, unit := range utf16.Encode([]rune{r}) {
		s += fmt.Sprintf(`\u%04x`, unit)
	}
	return s
}
