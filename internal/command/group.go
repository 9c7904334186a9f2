package command

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// groups is the annotation of a command that lists the headings of its flags, and group that of a flag.
const (
	groups = "groups"
	group  = "group"
)

// Group adds flags under a heading of the help text. Headings, and the flags below them, are shown in the order in which they are added.
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

// usage is the help text of a command whose flags have headings, without its description.
func usage(c *cobra.Command) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage:\n  %s\n", c.UseLine())
	if c.HasExample() {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", c.Example)
	}
	for _, heading := range strings.Split(strings.TrimSpace(c.Annotations[groups]), "\n") {
		fmt.Fprintf(&b, "\n%s:\n%s", heading, Grouped(c, heading).FlagUsages())
	}
	fmt.Fprintf(&b, "\nOther flags:\n%s", Grouped(c, "").FlagUsages())
	if c.HasAvailableInheritedFlags() {
		fmt.Fprintf(&b, "\nGlobal Flags:\n%s", c.InheritedFlags().FlagUsages())
	}
	_, err := fmt.Fprint(c.OutOrStderr(), b.String())
	return err
}

// Grouped are the flags below a heading; those without one for an empty heading.
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
