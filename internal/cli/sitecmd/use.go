package sitecmd

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/contexts"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// useOptions are the argument and the flags of use.
type useOptions struct {
	Name string // of a context, a cluster or a namespace; "-": the context before; empty: a person picks
	All  bool   // also contexts that this program did not write
}

// NewUse returns the use command.
func NewUse(e *console.Env) *cobra.Command {
	var o useOptions
	c := &cobra.Command{
		Use:   "use [NAME|-]",
		Short: "Chooses the current context.",
		Long: `Makes a context of your logins the current one. NAME is its name, or that of the cluster or vSphere
Namespace that it is for: NAME, or NAMESPACE/NAME. A dash is the context that was current before.

Without NAME you pick one at a terminal: type a part of it to see fewer, and move with the arrow
keys. Elsewhere it lists the contexts, with a star before the current one.`,
		Example: `  kubectl vsphere use tkc1
  kubectl vsphere use ns1/tkc1
  kubectl vsphere use -`,
		Args: atMostOne,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			config, err := command.LoadKubeconfig(e)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []string
			for _, t := range entriesOf(config, o.All) {
				names = append(names, t.Name)
			}
			return command.Offer(names)
		},
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.Name = args[0]
			}
			return use(c.Context(), e, o)
		},
	}
	c.Flags().BoolVar(&o.All, "all", false, "Also choose among contexts that this program did not write.")
	return c
}

func atMostOne(c *cobra.Command, args []string) error {
	switch {
	case len(args) > 1:
		return &failure.UsageError{Command: c.CommandPath(), Err: fmt.Errorf("%q is one word too many: one context at a time", args[1])}
	case len(args) == 1 && args[0] == "":
		return &failure.UsageError{Command: c.CommandPath(), Err: fmt.Errorf("the name of the context is empty")}
	}
	return nil
}

// entriesOf returns the contexts that can be used. all includes those that are not ours.
func entriesOf(config *api.Config, all bool) []contexts.Entry {
	return contexts.Entries(config, func(c *api.Context) bool {
		_, ours := kubeconfig.Ours(config.AuthInfos[c.AuthInfo])
		return ours || all
	})
}

// use switches the context.
func use(ctx context.Context, e *console.Env, o useOptions) error {
	store, files, err := command.Open(e)
	if err != nil {
		return err
	}
	config, err := files.Load()
	if err != nil {
		return err
	}
	from := choices{config: config, entries: entriesOf(config, o.All), names: store.SiteNames()}
	before := previous{dir: store.Dir(), files: files.Paths}
	var chosen contexts.Entry
	switch {
	case o.Name == "-":
		chosen, err = before.entry(config)
	case len(from.entries) == 0 && config.Contexts[o.Name] == nil:
		return failure.Hint(fmt.Errorf("there is no context of a login in your kubeconfig"), "Log in first: kubectl vsphere login --server ADDRESS -u USER")
	case o.Name != "":
		chosen, err = from.find(o.Name)
	case !console.MayPick(e):
		return from.print(e)
	default:
		chosen, err = from.pick(ctx, e)
	}
	if err != nil {
		return err
	}
	was := config.CurrentContext
	if chosen.Name != was {
		_, err := files.Update(ctx, false, func(*api.Config) (kubeconfig.Change, error) {
			return kubeconfig.Change{CurrentContext: &chosen.Name}, nil
		})
		if err != nil {
			return err
		}
		if err := before.keep(was); err != nil { // The context is switched all the same.
			e.Warn(fmt.Errorf("the context before cannot be remembered: %w", err))
		}
	}
	e.Printf("Switched to context %q%s.", chosen.Name, from.about(chosen))
	return nil
}

// choices are the contexts that can be used.
type choices struct {
	config  *api.Config
	entries []contexts.Entry
	names   map[string]string // what a person calls servers (tokens.Site.Name), by address
}

// server returns what a person calls the server of a context.
func (c choices) server(t contexts.Entry) string { return cmp.Or(c.names[t.Key.Server], t.Key.Server) }

// about says what a context is for, in parentheses.
func (c choices) about(t contexts.Entry) string {
	switch t.Kind {
	case contexts.OfOthers:
		return ""
	case contexts.OfSupervisor:
		return fmt.Sprintf(" (the Supervisor %s)", c.server(t))
	}
	return fmt.Sprintf(" (the %s %s of %s)", t.Kind, t.For(), c.server(t))
}

// find returns the target that a person means: by the name of the context, else by that of its cluster or namespace.
func (c choices) find(name string) (contexts.Entry, error) {
	targets := c.entries
	if i := slices.IndexFunc(targets, func(t contexts.Entry) bool { return t.Name == name }); i >= 0 {
		return targets[i], nil
	}
	var meant []contexts.Entry
	for _, t := range targets {
		if what := t.For(); what != "" && (what == name || strings.HasSuffix(what, "/"+name)) {
			meant = append(meant, t)
		}
	}
	switch {
	case len(meant) == 1:
		return meant[0], nil
	case len(meant) > 1:
		var places []string
		for _, t := range meant {
			places = append(places, fmt.Sprintf("%q%s", t.Name, c.about(t)))
		}
		return contexts.Entry{}, failure.Hint(fmt.Errorf("several contexts are for %q: %s", name, strings.Join(places, ", ")), "Type the name of one of them.")
	case c.config.Contexts[name] != nil:
		return contexts.Entry{}, failure.Hint(fmt.Errorf("context %q was not written by this program", name), "To use it all the same, type: kubectl vsphere use --all %s", failure.Quote(name))
	}
	unknown := fmt.Errorf("there is no context, cluster or vSphere Namespace %q", name)
	var names []string
	for _, t := range targets {
		names = append(names, t.Name)
	}
	if alike := command.Similar(name, names); len(alike) > 0 {
		unknown = fmt.Errorf("%w; did you mean %s?", unknown, strings.Join(alike, " or "))
	}
	return contexts.Entry{}, failure.Hint(unknown, "To see them, type: kubectl vsphere status")
}

// pick lets a person choose a target.
func (c choices) pick(ctx context.Context, e *console.Env) (contexts.Entry, error) {
	q := console.Question{Text: "Which context?"}
	for i, t := range c.entries {
		text := t.Name
		if about := strings.Join(slices.DeleteFunc([]string{t.For(), c.server(t)}, func(s string) bool { return s == "" || s == t.Name }), " at "); about != "" {
			text += "  (" + about + ")"
		}
		if t.Name == c.config.CurrentContext {
			q.First, text = i, "*"+text
		}
		q.Choices = append(q.Choices, console.Choice{Text: text, Name: t.Name, Group: t.Kind.Heading()})
	}
	at, err := q.Pick(ctx, e)
	if err != nil {
		return contexts.Entry{}, err
	}
	return c.entries[at], nil
}

// print prints the contexts as a table.
func (c choices) print(e *console.Env) error {
	users := map[string]bool{}
	for _, t := range c.entries {
		users[tokens.Fold(t.Key.User)] = true
	}
	headings := []string{"CONTEXT", "KIND", "FOR", "SERVER"}
	if len(users) > 1 {
		headings = append(headings, "USER")
	}
	table := e.NewTable(headings...)
	for _, t := range c.entries {
		name := t.Name
		if name == c.config.CurrentContext {
			name = "*" + name
		}
		cells := []string{name, t.Kind.String(), cmp.Or(t.For(), "-"), cmp.Or(c.server(t), "-"), cmp.Or(t.Key.User, "-")}
		table.Row(cells[:len(headings)]...)
	}
	return table.Print()
}
