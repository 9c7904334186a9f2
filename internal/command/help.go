package command

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/layout"
)

// FitHelp makes the help of root and of all commands below it fit the terminal. A pipe gets it as it is. There is no help for a command line
// that is Misused.
func FitHelp(root *cobra.Command) {
	shown := root.HelpFunc()
	root.SetHelpFunc(func(c *cobra.Command, args []string) {
		columns := console.Columns(c.OutOrStdout())
		switch {
		case Misused(c) != nil:
			return
		case columns == 0:
			shown(c, args)
			return
		}
		usage := fitFlags(c, c.UsageString(), columns)
		before, after, _ := strings.Cut(usage, c.Example)
		before = strings.TrimSpace(c.Long) + "\n\n" + before
		fmt.Fprint(c.OutOrStdout(), layout.Fill(before, columns)+fitComments(c.Example, columns)+layout.Fill(after, columns))
	})
}

// fitComments fits the comments of examples. The commands are to be pasted.
func fitComments(examples string, columns int) string {
	var b strings.Builder
	for line := range strings.Lines(examples) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			line = layout.Fill(line, columns)
		}
		b.WriteString(line)
	}
	return b.String()
}

// fitFlags replaces the descriptions of flags in a usage text.
func fitFlags(c *cobra.Command, usage string, columns int) string {
	sets := []*pflag.FlagSet{c.LocalFlags(), c.InheritedFlags(), Grouped(c, "")}
	for _, heading := range Headings(c) {
		sets = append(sets, Grouped(c, heading))
	}
	for _, set := range sets {
		if before := strings.TrimSpace(set.FlagUsages()); before != "" {
			usage = strings.Replace(usage, before, strings.TrimSpace(fitted(set, columns)), 1)
		}
	}
	return usage
}

// fitted returns the descriptions of flags in lines that fit.
func fitted(flags *pflag.FlagSet, columns int) string {
	text := flags.FlagUsages()
	if layout.Fits(text, columns) {
		return text
	}
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	set.SortFlags = flags.SortFlags
	flags.VisitAll(func(f *pflag.Flag) {
		narrow := *f
		narrow.Usage = joined(f.Usage)
		set.AddFlag(&narrow)
	})
	if text := set.FlagUsagesWrapped(columns - 1); layout.Fits(text, columns) {
		return text
	}
	return stacked(set, columns)
}

// stacked returns flags with their descriptions below them, for a terminal that has no room for two columns.
func stacked(flags *pflag.FlagSet, columns int) string {
	const below = "        "
	var b strings.Builder
	flags.VisitAll(func(f *pflag.Flag) {
		one := pflag.NewFlagSet("", pflag.ContinueOnError)
		one.AddFlag(f)
		text := one.FlagUsages()
		rest := strings.TrimLeft(text, " ")
		name, description, _ := strings.Cut(rest, "   ")
		b.WriteString(text[:len(text)-len(rest)] + strings.TrimSpace(name) + "\n")
		for line := range strings.Lines(description) {
			for part := range strings.Lines(layout.Fill(strings.TrimSpace(line)+"\n", columns-len(below))) {
				b.WriteString(below + part)
			}
		}
	})
	return b.String()
}

// joined returns a description of a flag without the line ends that made it fit 100 columns. An indented line is an item of a list.
func joined(usage string) string {
	var b strings.Builder
	for i, line := range strings.Split(usage, "\n") {
		switch {
		case strings.HasPrefix(line, " "):
			b.WriteString("\n")
		case i > 0:
			b.WriteString(" ")
		}
		b.WriteString(line)
	}
	return b.String()
}
