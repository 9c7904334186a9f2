package vmcmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/duration"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// lookEvery is how often something that is waited for is looked at.
const lookEvery = time.Second

// await waits until a virtual machine has done what it was told. asked is what the Supervisor had after the change.
func (m *machine) await(ctx context.Context, a action, asked tkg.VM, limit time.Duration) error {
	if _, err := time.Parse(time.RFC3339Nano, asked.Spec.NextRestart); a.state == "" && err != nil {
		return fmt.Errorf("the Supervisor has made no time of spec.nextRestartTime, so that nobody can see when %s has restarted: %w", m.title, wire.ErrServer)
	}
	progress := m.env.NewProgress()
	progress.Show(fmt.Sprintf("Waiting: %s %s", m.title, a.doing), 0, 0)
	defer progress.Done()
	var last error
	for end := m.env.Now().Add(limit); m.env.Now().Before(end); {
		_, vm, err := m.look(ctx)
		switch {
		case ctx.Err() != nil:
		case errors.Is(err, wire.ErrUnreachable), errors.Is(err, wire.ErrServer):
			last = err // The Supervisor may be there again in time.
		case err != nil:
			return err
		case a.state != "" && !same(vm.Spec.Power, a.state), a.state == "" && vm.Spec.NextRestart != asked.Spec.NextRestart:
			return failure.Hint(fmt.Errorf("somebody else has changed the power of %s meanwhile", m.title), "To see it, type: kubectl vsphere describe vm %s", m.typed())
		case a.reached(vm):
			progress.Done()
			m.env.Printf("%s %s.", m.title, a.done)
			return nil
		default:
			last = nil
		}
		if err := console.Sleep(ctx, m.env, lookEvery); err != nil {
			progress.Done()
			m.env.Notef("%s %s all the same; to see it, type: kubectl vsphere describe vm %s", m.title, a.doing, m.typed())
			return err
		}
	}
	err := fmt.Errorf("after %s, it is not true yet that %s %s", duration.Text(limit), m.title, a.done)
	if last != nil {
		err = fmt.Errorf("%w: %w", err, last)
	}
	return failure.Hint(err, "The Supervisor goes on. To see what is wrong, type: kubectl vsphere describe vm %s", m.typed())
}
