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
	targets := entriesOf(config, o.All)
	before := previous{dir: store.Dir(), files: files.Paths}
	var chosen contexts.Entry
	switch {
	case o.Name == "-":
		chosen, err = before.entry(config)
	case o.Name != "":
		chosen, err = find(config, targets, o.Name)
	case len(targets) == 0:
		return failure.Hint(fmt.Errorf("there is no context of a login in your kubeconfig"), "Log in first: kubectl vsphere login --server ADDRESS -u USER")
	case !console.MayPick(e):
		return printTargets(e, config, targets)
	default:
		chosen, err = pick(ctx, e, config, targets)
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
	e.Printf("Switched to context %q%s.", chosen.Name, about(chosen))
	return nil
}

// about says what a context is for, in parentheses.
func about(t contexts.Entry) string {
	switch t.Kind {
	case contexts.OfOthers:
		return ""
	case contexts.OfSupervisor:
		return fmt.Sprintf(" (the Supervisor %s)", t.Key.Server)
	}
	return fmt.Sprintf(" (the %s %s of %s)", t.Kind, t.For(), t.Key.Server)
}

// find returns the target that a person means: by the name of the context, else by that of its cluster or namespace.
func find(config *api.Config, targets []contexts.Entry, name string) (contexts.Entry, error) {
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
			places = append(places, fmt.Sprintf("%q%s", t.Name, about(t)))
		}
		return contexts.Entry{}, failure.Hint(fmt.Errorf("several contexts are for %q: %s", name, strings.Join(places, ", ")), "Type the name of one of them.")
	case config.Contexts[name] != nil:
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
func pick(ctx context.Context, e *console.Env, config *api.Config, targets []contexts.Entry) (contexts.Entry, error) {
	q := console.Question{Text: "Which context?"}
	for i, t := range targets {
		text := t.Name
		if about := strings.Join(slices.DeleteFunc([]string{t.For(), t.Key.Server}, func(s string) bool { return s == "" || s == t.Name }), " at "); about != "" {
			text += "  (" + about + ")"
		}
		if t.Name == config.CurrentContext {
			q.First, text = i, "*"+text
		}
		q.Choices = append(q.Choices, console.Choice{Text: text, Group: t.Kind.Heading()})
	}
	at, err := q.Pick(ctx, e)
	if err != nil {
		return contexts.Entry{}, err
	}
	return targets[at], nil
}

// printTargets prints the contexts as a table.
func printTargets(e *console.Env, config *api.Config, targets []contexts.Entry) error {
	users := map[string]bool{}
	for _, t := range targets {
		users[tokens.Fold(t.Key.User)] = true
	}
	headings := []string{"CONTEXT", "KIND", "FOR", "SERVER"}
	if len(users) > 1 {
		headings = append(headings, "USER")
	}
	table := e.NewTable(headings...)
	for _, t := range targets {
		name := t.Name
		if name == config.CurrentContext {
			name = "*" + name
		}
		cells := []string{name, t.Kind.String(), cmp.Or(t.For(), "-"), cmp.Or(t.Key.Server, "-"), cmp.Or(t.Key.User, "-")}
		table.Row(cells[:len(headings)]...)
	}
	return table.Print()
}
