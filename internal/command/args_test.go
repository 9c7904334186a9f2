package command_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// tree is a root with a group and a leaf, whose output is in out.
func tree(out *strings.Builder) *cobra.Command {
	root := &cobra.Command{
		Use: "kubectl-vsphere", Args: command.Unknown, RunE: command.Help, SilenceErrors: true, SilenceUsage: true,
	}
	leaf := &cobra.Command{Use: "status", Short: "Shows it.", Args: command.NoArgs, RunE: func(*cobra.Command, []string) error { return nil }}
	var format command.Format
	format.AddTo(leaf)
	root.AddCommand(leaf)
	root.SetOut(out)
	root.SetErr(out)
	return root
}

func run(root *cobra.Command, args ...string) error {
	root.SetArgs(args)
	return root.Execute()
}

func TestArgs(t *testing.T) {
	for line, want := range map[string]string{
		"status now":   `"now" is one word too many`,
		"statsu":       "did you mean status?",
		"nothing-like": `unknown command "nothing-like"`,
	} {
		err := run(tree(new(strings.Builder)), strings.Fields(line)...)
		var usage *failure.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", line, err)
		}
	}
	var out strings.Builder
	if err := run(tree(&out)); err != nil || !strings.Contains(out.String(), "Shows it.") {
		t.Errorf("a group without arguments gives no help: %v %q", err, out.String())
	}
	if err := run(tree(&out), "status"); err != nil {
		t.Error(err)
	}
}

func TestFormat(t *testing.T) {
	if err := run(tree(new(strings.Builder)), "status", "-o", "xml"); err == nil || !strings.Contains(err.Error(), "json or yaml") {
		t.Error(err)
	}
	var f command.Format
	if f.Structured() || f.Of("json", "yaml").Type() == "" {
		t.Error("a table is structured")
	}
	for format, want := range map[string]string{"json": "{\n  \"a\": 1\n}\n", "yaml": "a: 1\n"} {
		var b strings.Builder
		if err := f.Of("json", "yaml").Set(format); err != nil || !f.Structured() || string(f) != format {
			t.Error(f, err)
		}
		if err := f.Write(&b, map[string]int{"a": 1}); err != nil || b.String() != want {
			t.Errorf("%s: %q, %v", format, b.String(), err)
		}
	}
	if err := f.Write(new(strings.Builder), func() {}); err == nil {
		t.Error("what cannot be written is written")
	}
}

// Flags are shown below their headings, in the order in which they were added.
func TestGroup(t *testing.T) {
	var out strings.Builder
	root := tree(&out)
	root.PersistentFlags().Bool("everywhere", false, "For all.")
	c := &cobra.Command{Use: "login", Example: "  login --zebra", RunE: func(*cobra.Command, []string) error { return nil }}
	command.Group(c, "Whom", func(f *pflag.FlagSet) { f.String("zebra", "", "Stripes."); f.String("ant", "", "Small.") })
	command.Group(c, "What", func(f *pflag.FlagSet) { f.Bool("bee", false, "Hums.") })
	root.AddCommand(c)
	if err := run(root, "login", "--help"); err != nil {
		t.Fatal(err)
	}
	at := 0
	for _, want := range []string{"Usage:", "login --zebra", "Whom:", "--zebra", "--ant", "What:", "--bee", "Other flags:", "--help", "Global Flags:", "--everywhere"} {
		i := strings.Index(out.String()[at:], want)
		if i < 0 {
			t.Fatalf("no %q after byte %d of\n%s", want, at, out.String())
		}
		at += i
	}
	if command.Grouped(c, "Whom").Lookup("ant") == nil || command.Grouped(c, "Whom").Lookup("bee") != nil {
		t.Error("Grouped")
	}
}

// A value that a terminal cannot show as it is, is not offered: the shell would insert something else.
func TestOffer(t *testing.T) {
	got, _ := command.Offer([]string{"b@x", "a", "a", "x\x1b[31m", "x\u202e", "x\ny", "x\u200b", "\xff", `D\u`})
	if want := []string{`D\u`, "a", "b@x"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
