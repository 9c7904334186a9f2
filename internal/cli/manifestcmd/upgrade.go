package manifestcmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/manifest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// NewUpgrade returns the command that upgrades a cluster.
func NewUpgrade(e *console.Env) *cobra.Command {
	var f changeFlags
	var to string
	c := &cobra.Command{
		Use:   "upgrade NAME",
		Short: "Shows the releases that a cluster can have, and upgrades it.",
		Long: `Shows the releases to which a cluster can go, and what stands in the way: pods that may not be
evicted, a control plane of one node, a cluster that is paused or not ready.

With --to it changes one field of the cluster, its release. The Supervisor then replaces the nodes.
It does not start while something stops it, unless you say --force. With --wait it shows how far
that is. Ctrl-C ends the showing, and not the upgrade: the same command goes on with it.`,
		Example: `  kubectl vsphere cluster upgrade shop
  kubectl vsphere cluster upgrade shop --to v1.33.6---vmware.1-fips-vkr.2 --wait
  kubectl vsphere cluster upgrade shop --wait  # follows one that is under way`,
		Args: oneName("cluster"),
		RunE: func(c *cobra.Command, args []string) error {
			o, err := f.options(e, args[0])
			if err != nil {
				return err
			}
			return upgrade(c.Context(), e, o, tkg.ReleaseName(to))
		},
	}
	f.add(c, e)
	c.Flags().StringVar(&to, "to", "", "The new `RELEASE`, by its name.")
	c.Flags().BoolVar(&f.o.Force, "force", false, "Upgrade also if something stands in the way.")
	return c
}

// upgrade shows the offers, or takes one.
func upgrade(ctx context.Context, e *console.Env, o changeOptions, to string) error {
	t, err := find(ctx, e, o)
	if err != nil {
		return err
	}
	defer t.done()
	from := manifest.ReleaseOf(t.asked)
	if from == "" {
		return fmt.Errorf("the %s: %w, so that it cannot be upgraded by this command", t.called(), manifest.ErrNoTopology)
	}
	again := t.command("upgrade") + " --wait"
	switch {
	case to != "" && to == tkg.ReleaseName(from):
		e.Printf("The %s has the release %s already.", t.called(), from)
		if o.Wait {
			return t.follow(ctx, o, again)
		}
		return nil
	case to == "" && o.Wait:
		return t.follow(ctx, o, again)
	}
	to, err = t.decide(ctx, o, to)
	if err != nil || to == "" {
		return err
	}
	if err := t.change(ctx, o, func() (manifest.Change, error) {
		now := manifest.ReleaseOf(t.asked)
		if now != from {
			return manifest.Change{}, failure.Hint(fmt.Errorf("somebody else has just given the %s the release %s", t.called(), now), "To follow that, type: %s", again)
		}
		return manifest.Upgrade(t.asked, to)
	}); err != nil {
		return err
	}
	if o.DryRun {
		e.Printf("The server would take it. Nothing was changed.")
		return nil
	}
	e.Printf("The %s goes from %s to %s.", t.called(), from, to)
	if o.Wait {
		return t.follow(ctx, o, again)
	}
	e.Tellf("To follow it, type: %s", again)
	return nil
}

// decide shows what there is to decide. It returns the release to go to, or "" if the person named none.
func (t *target) decide(ctx context.Context, o changeOptions, to string) (string, error) {
	r := t.site.At(t.place).Read(ctx, []string{t.namespace}, releaseSources(), nil)
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if err := tell(r); err != nil {
		return "", err
	}
	offers := manifest.Offers{Releases: releasesOf(r, t.place), Unread: unread(r, r, t.place, t.namespace)}
	from := manifest.ReleaseOf(t.asked)
	choices := offers.Upgrades(from, t.facts.Upgrades)
	blocks := append(manifest.Blocks(t.cluster, t.asked), t.budgets(ctx)...)
	if to == "" {
		return "", t.show(choices, blocks)
	}
	hard := 0
	if why := offers.WhyNot(from, to, choices); why != "" {
		blocks = append([]manifest.Block{{Text: why, Hard: true}}, blocks...)
	}
	e := t.site.Env
	for _, b := range blocks {
		switch {
		case b.Hard && !o.Force:
			hard++
			e.Tellf("stops it: %s", b.Text)
		default:
			e.Notef("%s", b.Text)
		}
	}
	if hard > 0 {
		return "", failure.Hint(fmt.Errorf("the %s is not upgraded: nothing was changed", t.called()), "With --force it is upgraded all the same. See what there is: %s", t.command("upgrade"))
	}
	e.Tellf("This replaces the nodes of the %s, one after the other: %s becomes %s.", t.called(), from, to)
	return to, nil
}

// show prints the releases to which the cluster can go, and what stands in the way.
func (t *target) show(choices []manifest.Offer, blocks []manifest.Block) error {
	e := t.site.Env
	on := console.Page{Env: e}
	on.Headingf("Cluster %s/%s at %s: %s, %s", t.namespace, t.name, t.place.Title, manifest.ReleaseOf(t.asked), t.facts.State)
	for _, b := range blocks {
		label, style := "Know:", console.Bold
		if b.Hard {
			label, style = "Stops it:", console.Bad
		}
		on.Labelf(style, label, "%s", b.Text)
	}
	e.Printf("")
	if len(choices) == 0 {
		e.Printf("No newer release is offered to it.")
		return nil
	}
	table, best := e.NewTable("RELEASE", "CAN BE CHOSEN"), ""
	for _, c := range choices {
		word := "yes"
		if c.Why != "" {
			word = "no: it " + c.Why
		} else if best == "" {
			best = c.Release
		}
		table.Row(c.Release, word)
	}
	if err := table.Print(); err != nil {
		return err
	}
	if best != "" {
		e.Tellf("To upgrade it, type: %s --to %s --wait", t.command("upgrade"), failure.Quote(best))
	}
	return nil
}

// budgets returns the pods of the cluster that may not be evicted, as far as the user may see that.
func (t *target) budgets(ctx context.Context) []manifest.Block {
	unseen := func(err error) []manifest.Block {
		return []manifest.Block{{Text: fmt.Sprintf("it is not known whether pods of it may be evicted: %v", err)}}
	}
	server, done, err := survey.ClusterServer(ctx, t.site, t.place.ClusterKey(t.namespace, t.name))
	if err != nil {
		return unseen(err)
	}
	defer done()
	var kept []string
	err = server.List(ctx, kubeapi.Query{Resource: manifest.BudgetResource}, func(o kubeapi.Object) {
		if manifest.Kept(o) {
			kept = append(kept, o.Metadata.Namespace+"/"+o.Metadata.Name)
		}
	})
	switch {
	case errors.Is(err, context.Canceled):
		return nil
	case err != nil:
		return unseen(err)
	case len(kept) == 0:
		return nil
	}
	return []manifest.Block{{Text: "pods in it may not be evicted, so that their nodes stay: the PodDisruptionBudgets " + survey.SomeOf(kept) + " allow none now", Hard: true}}
}
