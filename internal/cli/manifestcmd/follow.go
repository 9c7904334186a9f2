package manifestcmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/manifest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

const (
	// maxWait is how long a change is followed, unless the person says. An upgrade takes some minutes for each node.
	maxWait = time.Hour
	// lookEvery is how often the cluster is looked at.
	lookEvery = 5 * time.Second
	// maxWaits bounds what the controllers say of a change, in characters.
	maxWaits = 300
)

// follow shows how far a change is, until it is done. again is the command that goes on with that.
func (t *target) follow(ctx context.Context, o changeOptions, again string) error {
	e := t.site.Env
	progress := e.NewProgress()
	end := e.Now().Add(time.Duration(o.Timeout))
	var r manifest.Roll
	for lost := false; ; {
		now, err := t.look(ctx)
		switch {
		case ctx.Err() != nil:
		case errors.Is(err, wire.ErrNotFound), errors.Is(err, wire.ErrForbidden), errors.Is(err, wire.ErrRefused):
			progress.Done()
			return fmt.Errorf("%s: %w", t.called(), err)
		case err != nil:
			if !lost {
				progress.Done()
				e.Warn(fmt.Errorf("%s is asked again until it answers: %w", t.place.Title, err))
			}
			lost = true
		default:
			r, lost = now, false
			progress.Show(steps(r), r.New, r.Wanted)
		}
		if r.Done && err == nil {
			progress.Done()
			e.Printf("The %s has %d nodes of %s, all ready.", t.called(), r.New, manifest.ReleaseOf(t.asked))
			return nil
		}
		if ctx.Err() == nil && e.Now().After(end) {
			progress.Done()
			return failure.Hint(fmt.Errorf("the %s is not done after %s: %s", t.called(), console.Span(time.Duration(o.Timeout)), steps(r)), "It goes on. To follow it, type: %s", again)
		}
		if err := console.Sleep(ctx, e, lookEvery); err != nil {
			progress.Done()
			e.Tellf("The change goes on at %s: nothing is undone. To follow it, type: %s", t.place.Title, again)
			return err
		}
	}
}

// look reads how far the change is.
func (t *target) look(ctx context.Context) (manifest.Roll, error) {
	if err := t.read(ctx); err != nil {
		return manifest.Roll{}, err
	}
	var machines []kubeapi.Object
	q := kubeapi.Query{Resource: tkg.MachineResource, Namespace: t.namespace, Labels: tkg.LabelCluster + "=" + t.name}
	if err := t.server.List(ctx, q, func(o kubeapi.Object) { machines = append(machines, o) }); err != nil {
		return manifest.Roll{}, err
	}
	return manifest.RollOf(t.cluster, t.asked, machines), nil
}

// steps says what is going on.
func steps(r manifest.Roll) string {
	text := fmt.Sprintf("%d of %d nodes are ready", r.New, r.Wanted)
	if r.Old > 0 {
		text += fmt.Sprintf(", %d will go", r.Old)
	}
	if r.Waits != "" {
		text += " (" + safetext.Line(r.Waits, maxWaits) + ")"
	}
	return text
}
