package vmcmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/duration"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// The power states of VM Operator. v1alpha1 begins them with a small letter.
const (
	on  = "PoweredOn"
	off = "PoweredOff"
)

// action is a change of the power of a virtual machine.
type action struct {
	name, short, long string
	state             string // that it should have; empty: it restarts
	does              string // what the command says before
	doing, done       string // what a virtual machine does then, and has done
}

func actions() []action {
	return []action{
		{
			name: "start", short: "Starts a virtual machine.", state: on, does: "Starts", doing: "is starting", done: "runs",
			long: "Starts a virtual machine: sets spec.powerState to PoweredOn.",
		}, {
			name: "stop", short: "Stops a virtual machine.", state: off, does: "Stops", doing: "is stopping", done: "is off",
			long: "Stops a virtual machine: sets spec.powerState to PoweredOff. Its spec.powerOffMode says whether the\nguest system is shut down, or the power is switched off. The command prints which.",
		}, {
			name: "restart", short: "Restarts a virtual machine.", does: "Restarts", doing: "is restarting", done: "has restarted",
			long: "Restarts a virtual machine that runs: sets spec.nextRestartTime to now. Its spec.restartMode says\nwhether the guest system restarts, or the power is reset. The command prints which. vSphere 7 and\n8.0 have no such field: stop the virtual machine, and start it.",
		},
	}
}

// powerOptions are the flags of a command that changes the power.
type powerOptions struct {
	which
	Wait   time.Duration // 0: it does not wait
	DryRun bool
}

func powerCommand(e *console.Env, a action) *cobra.Command {
	var o powerOptions
	c := &cobra.Command{
		Use: a.name + " NAME", Short: a.short,
		Long: a.long + `

Without --wait, it ends when the Supervisor has accepted the change. Ctrl-C while it waits changes
nothing: the Supervisor goes on.`,
		Example: fmt.Sprintf("  kubectl vsphere vm %[1]s web-1 -n ns1\n  kubectl vsphere vm %[1]s ns1/web-1 --wait 5m\n  kubectl vsphere vm %[1]s web-1 --dry-run", a.name),
	}
	o.addTo(c, e, func(ctx context.Context) error {
		if o.Wait < 0 {
			return failure.Usagef("--wait: want a time that is not negative")
		}
		return a.run(ctx, e, o)
	})
	c.Flags().Var((*duration.Flag)(&o.Wait), "wait", "`TIME` to wait until that is done, such as 5m.")
	c.Flags().BoolVar(&o.DryRun, "dry-run", false, "Have the Supervisor check the change, and not make it.")
	return c
}

// run changes the power of a virtual machine.
func (a action) run(ctx context.Context, e *console.Env, o powerOptions) error {
	m, err := o.find(ctx, e)
	if err != nil {
		return err
	}
	defer m.server.Close()
	m.DryRun = o.DryRun
	vm, changed, err := m.change(ctx, a)
	switch {
	case err != nil:
		return err
	case o.DryRun && changed:
		e.Printf("Dry run: the Supervisor accepts that %s %s. Nothing was changed.", m.title, a.doing)
		return m.end(nil)
	case !changed && a.reached(vm):
		e.Printf("%s %s already.", m.title, a.done)
		return m.end(nil)
	case o.Wait == 0 || o.DryRun:
		e.Printf("%s %s.", m.title, a.doing)
		return m.end(nil)
	}
	return m.end(m.await(ctx, a, vm, o.Wait))
}

// maxTries bounds how often a virtual machine that changes meanwhile is read again.
const maxTries = 5

// change makes the change, unless the virtual machine has it already. It returns what the Supervisor has then.
func (m *machine) change(ctx context.Context, a action) (vm tkg.VM, changed bool, err error) {
	for try := range maxTries {
		o, vm, err := m.look(ctx)
		if err != nil {
			return vm, false, err
		}
		if a.state != "" && same(vm.Spec.Power, a.state) {
			return vm, false, nil
		}
		if err := m.check(a, o, vm); err != nil {
			return vm, false, err
		}
		if try == 0 {
			m.say(a, o, vm)
		}
		o, err = m.server.Patch(ctx, m.Target, a.fields(o))
		switch {
		case err == nil:
			return tkg.VMOf(o), true, nil
		case ctx.Err() != nil:
			m.env.Notef("it is not known whether the Supervisor has got the change; to see it, type: kubectl vsphere describe vm %s", m.typed())
			return vm, false, err
		case !errors.Is(err, kubeapi.ErrConflict):
			return vm, false, m.forbidden(ctx, err, "patch", m.Target)
		}
	}
	return vm, false, failure.Hint(fmt.Errorf("%s was changed by somebody else each time, %d times", m.title, maxTries), "Type the command again.")
}

// same reports whether two power states are the same, in all versions.
func same(a, b string) bool { return strings.EqualFold(a, b) }

// isOld reports whether an object is of v1alpha1.
func isOld(o kubeapi.Object) bool { return strings.HasSuffix(o.APIVersion, "/v1alpha1") }

// check returns an error if the action does not make sense for a virtual machine.
func (m *machine) check(a action, o kubeapi.Object, vm tkg.VM) error {
	switch {
	case a.state != "":
		return nil
	case isOld(o):
		return failure.Hint(fmt.Errorf("this Supervisor cannot restart a virtual machine: its VM Operator has %s only", o.APIVersion),
			"Stop it, and start it: kubectl vsphere vm stop %[1]s --wait 5m && kubectl vsphere vm start %[1]s", m.typed())
	case !same(vm.Spec.Power, on):
		return failure.Hint(fmt.Errorf("%s does not run: only what runs can restart", m.title), "To start it, type: kubectl vsphere vm start %s", m.typed())
	}
	return nil
}

// say says what is about to be done.
func (m *machine) say(a action, o kubeapi.Object, vm tkg.VM) {
	how := ""
	switch a.state {
	case off:
		how = manner(vm.Spec.PowerOffMode, "its guest system shuts down", "its power is switched off")
	case "":
		how = manner(vm.Spec.RestartMode, "its guest system restarts", "its power is reset")
	}
	m.env.Tellf("%s %s%s.", a.does, m.title, how)
	if cluster := o.Metadata.Labels[tkg.LabelVMCluster]; cluster != "" {
		m.env.Notef("it is a node of the cluster %s, whose controllers may start it again, or replace it", cluster)
	}
}

// manner says how it is done by a mode of VM Operator: Hard, Soft or TrySoft.
func manner(mode, soft, hard string) string {
	switch mode {
	case "Hard", "hard":
		return ": " + hard
	case "Soft", "soft":
		return ": " + soft
	case "TrySoft", "trySoft":
		return ": " + soft + ", or else " + hard
	}
	return ""
}

// fields are the change, for the object as it was read.
func (a action) fields(o kubeapi.Object) kubeapi.Fields {
	spec := map[string]any{"nextRestartTime": "now"} // The Supervisor makes a time of it.
	if a.state != "" {
		state := a.state
		if isOld(o) {
			state = strings.ToLower(state[:1]) + state[1:]
		}
		spec = map[string]any{"powerState": state}
	}
	return kubeapi.Fields{"metadata": map[string]any{"resourceVersion": o.Metadata.Version}, "spec": spec}
}

// reached reports whether a virtual machine has done what it should.
func (a action) reached(vm tkg.VM) bool {
	if a.state != "" {
		return same(vm.Status.Power, a.state)
	}
	next, err := time.Parse(time.RFC3339Nano, vm.Spec.NextRestart)
	last, lastErr := time.Parse(time.RFC3339Nano, vm.Status.LastRestart)
	return err == nil && lastErr == nil && !last.Before(next.Truncate(time.Second))
}
