package manifestcmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/manifest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// NewScale returns the command that changes the size of a pool.
func NewScale(e *console.Env) *cobra.Command {
	var f changeFlags
	var pool string
	var nodes int
	c := &cobra.Command{
		Use:   "scale NAME --pool POOL --replicas NUMBER",
		Short: "Changes how many nodes a pool of a cluster has.",
		Long: `Changes how many nodes a pool of workers has. It changes one field of the cluster's object: other
pools, and what others change meanwhile, stay as they are.

With --wait it shows how far that is. Ctrl-C ends the showing, and not the change.`,
		Example: `  kubectl vsphere cluster scale shop --pool node-pool-1 --replicas 5 --wait`,
		Args:    oneName("cluster"),
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case pool == "":
				return failure.Usagef("which pool? Name it with --pool")
			case !c.Flags().Changed("replicas"):
				return failure.Usagef("how many nodes? Say it with --replicas")
			case nodes < 0 || nodes > manifest.MaxNodes:
				return failure.Usagef("--replicas: %d is not a number of nodes", nodes)
			}
			o, err := f.options(e, args[0])
			if err != nil {
				return err
			}
			return scale(c.Context(), e, o, manifest.PoolSize{Name: pool, Nodes: &nodes})
		},
	}
	f.add(c, e)
	c.Flags().StringVar(&pool, "pool", "", "`POOL` of workers.")
	c.Flags().IntVar(&nodes, "replicas", 0, "`NUMBER` of nodes that it should have.")
	return c
}

func scale(ctx context.Context, e *console.Env, o changeOptions, size manifest.PoolSize) error {
	t, err := find(ctx, e, o)
	if err != nil {
		return err
	}
	defer t.done()
	var c manifest.Change
	err = t.change(ctx, o, func() (manifest.Change, error) {
		var paused tkg.Cluster
		if t.cluster.Decode(&paused); paused.Spec.Paused {
			return c, fmt.Errorf("the %s is paused: no controller looks at it", t.called())
		}
		var err error
		if c, err = manifest.Scale(t.asked, size.Name, *size.Nodes); err == nil && len(c.Operations) > 0 {
			for _, name := range c.Appliers {
				e.Notef("%s applies the number of nodes, and sets it back: change it there too", name)
			}
			e.Tellf("The pool %s of the %s: %s nodes become %s.", size.Name, t.called(), cmp.Or(c.From, "unset"), c.To)
		}
		return c, err
	})
	again := fmt.Sprintf("%s --pool %s --replicas %s --wait", t.command("scale"), failure.Quote(size.Name), c.To)
	switch {
	case errors.Is(err, manifest.ErrNoTopology):
		return fmt.Errorf("the %s: %w, so that its pools are objects of their own", t.called(), err)
	case err != nil:
		return err
	case o.DryRun:
		e.Printf("The server would take it. Nothing was changed.")
		return nil
	case len(c.Operations) == 0:
		e.Printf("The pool %s of the %s should have %s nodes already.", size.Name, t.called(), c.To)
	default:
		e.Printf("The pool %s of the %s should now have %s nodes.", size.Name, t.called(), c.To)
	}
	if o.Wait {
		return t.follow(ctx, o, again)
	}
	return nil
}
