package manifestcmd

import (
	"context"
	"errors"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/manifest"
)

// asker fills in what a plan does not say: from the only offer, else from a person.
type asker struct {
	env    *console.Env
	offers manifest.Offers
}

// defaultPool is the pool of a cluster whose workers nobody named.
const defaultPool = "node-pool-1"

// fill fills in a plan.
func (a asker) fill(ctx context.Context, o *manifestOptions) error {
	for _, part := range o.Needed() {
		var err error
		switch part {
		case manifest.Releases:
			o.Release, err = a.release(ctx)
		case manifest.Classes:
			o.Class, err = a.class(o.Release)
		case manifest.VMs:
			o.VMClass, err = a.vmClass(ctx)
		case manifest.Storage:
			o.StorageClass, err = a.storageClass(ctx)
		}
		if err != nil {
			return err
		}
	}
	return a.sizes(ctx, o)
}

// one returns the only value, or the one that a person picks.
func (a asker) one(ctx context.Context, question, flag string, from choices) (string, error) {
	values := from.values
	switch {
	case len(values) == 1:
		a.env.Notef("--%s %s: there is no other one", flag, failure.Quote(values[0]))
		return values[0], nil
	case len(values) == 0:
		return "", failure.Usagef("--%s is missing, and there is nothing to choose from", flag)
	case !console.MayPick(a.env):
		return "", failure.Usagef("--%s is missing; there are %s", flag, survey.SomeOf(values))
	}
	return pick(ctx, a.env, question, from)
}

func (a asker) release(ctx context.Context) (string, error) {
	var names, notes []string
	for _, r := range a.offers.Usable() {
		names, notes = append(names, r.Name), append(notes, "")
	}
	return a.one(ctx, "Which release?", "version", choices{names, notes})
}

// class takes the best class for a release.
func (a asker) class(release string) (string, error) {
	best := a.offers.ClassesFor(release)
	if len(best) == 0 {
		return "", failure.Usagef("--class is missing, and no ClusterClass is for the release %s", release)
	}
	return best[0].Name, nil
}

func (a asker) vmClass(ctx context.Context) (string, error) {
	var names, notes []string
	for _, c := range a.offers.VMs {
		names, notes = append(names, c.Name), append(notes, c.Size)
	}
	return a.one(ctx, "Which VM class?", "vm-class", choices{names, notes})
}

func (a asker) storageClass(ctx context.Context) (string, error) {
	var names, notes []string
	for _, s := range a.offers.Storage {
		if s.Full() {
			continue
		}
		note := ""
		if left := s.Left(); left != "" {
			note = left + " left"
		}
		names, notes = append(names, s.Name), append(notes, note)
	}
	return a.one(ctx, "Which storage class?", "storage-class", choices{names, notes})
}

// sizes fills in how many nodes there are.
func (a asker) sizes(ctx context.Context, o *manifestOptions) error {
	person := console.MayPick(a.env)
	if !o.ControlSized {
		o.ControlPlane = 1
		if person {
			size, err := pick(ctx, a.env, "How many control plane nodes?", choices{[]string{"1", "3"}, []string{"for tests", "highly available"}})
			if err != nil {
				return err
			}
			if size == "3" {
				o.ControlPlane = 3
			}
		}
	}
	if o.PoolsSized {
		return nil
	}
	nodes := "1"
	if person {
		answer, err := a.env.Prompter().Fresh(ctx, "How many workers? [1] ")
		if err != nil && !errors.Is(err, secret.ErrEmpty) {
			return err
		}
		if answer = strings.TrimSpace(answer); answer != "" {
			nodes = answer
		}
	}
	pool, err := manifest.ParsePool(defaultPool + "=" + nodes)
	if err != nil {
		return failure.Usagef("workers: %w", err)
	}
	o.Pools = []manifest.Pool{pool}
	return nil
}
