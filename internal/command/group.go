package command

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// groups is the annotation of a command that lists the headings of its flags. group is the annotation of a flag with its heading.
const (
	groups = "groups"
	group  = "group"
)

// Group adds flags under a heading of the help text. The help shows headings, and the flags below each, in the order in which
// they were added.
func Group(c *cobra.Command, heading string, add func(*pflag.FlagSet)) {
	set := pflag.NewFlagSet(heading, pflag.ContinueOnError)
	set.SortFlags = false
	add(set)
	set.VisitAll(func(f *pflag.Flag) {
		if f.Annotations == nil {
			f.Annotations = map[string][]string{}
		}
		f.Annotations[group] = []string{heading}
	})
	c.Flags().SortFlags = false
	c.Flags().AddFlagSet(set)
	if c.Annotations == nil {
		c.Annotations = map[string]string{}
		c.SetUsageFunc(usage)
	}
	c.Annotations[groups] += heading + "\n"
}

// usage prints the help of a command whose flags have headings, without the command's description.
func usage(c *cobra.Command) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage:\n  %s\n", c.UseLine())
	if c.HasExample() {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", c.Example)
	}
	for _, heading := range Headings(c) {
		fmt.Fprintf(&b, "\n%s:\n%s", heading, Grouped(c, heading).FlagUsages())
	}
	fmt.Fprintf(&b, "\nOther flags:\n%s", Grouped(c, "").FlagUsages())
	if c.HasAvailableInheritedFlags() {
		fmt.Fprintf(&b, "\nGlobal Flags:\n%s", c.InheritedFlags().FlagUsages())
	}
	_, err := fmt.Fprint(c.OutOrStderr(), b.String())
	return err
}

// Headings returns the headings of a command's flags, in the order of the help text. A command without groups has none.
func Headings(c *cobra.Command) []string {
	return strings.FieldsFunc(c.Annotations[groups], func(r rune) bool { return r == '\n' })
}

// Grouped returns the flags below a heading. For an empty heading it returns the flags without one.
func Grouped(c *cobra.Command, heading string) *pflag.FlagSet {
	set := pflag.NewFlagSet(heading, pflag.ContinueOnError)
	set.SortFlags = false
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if strings.Join(f.Annotations[group], "") == heading {
			set.AddFlag(f)
		}
	})
	return set
}
