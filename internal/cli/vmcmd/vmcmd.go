// Package vmcmd is kubectl vsphere vm: the power and the console of a virtual machine of VM Operator
// (https://vm-operator.readthedocs.io/en/stable/concepts/workloads/vm/).
package vmcmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/lookup"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

const long = `Starts, stops and restarts virtual machines, and opens their consoles. NAME is the name of a virtual
machine, or NAMESPACE/NAME. It is looked for in all vSphere Namespaces that have a context, at the
Supervisors of all your sessions.

Each command says what it does, and does it once. It needs the role "edit" or "owner" of the vSphere
Namespace.`

// New returns the vm command. list is its command that lists virtual machines.
func New(e *console.Env, list *cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: "vm", Short: "Starts and stops virtual machines, and opens their consoles.", Long: long,
		Example: "  kubectl vsphere vm list -n ns1\n  kubectl vsphere vm stop web-1 -n ns1 --wait 5m\n  kubectl vsphere vm web-console web-1 -n ns1",
		Args:    command.Unknown, RunE: command.Help,
	}
	c.AddCommand(list)
	for _, a := range actions() {
		c.AddCommand(powerCommand(e, a))
	}
	c.AddCommand(consoleCommand(e))
	return c
}

// which says which virtual machine a person means.
type which struct {
	lookup.Named
	Server string // canonical; empty: any
}

// addTo adds the argument and the flags to a command, which has run called.
func (w *which) addTo(c *cobra.Command, e *console.Env, run func(context.Context) error) {
	var server, namespace string
	c.Args = oneName
	c.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveNoFileComp // Completion asks no server.
	}
	c.RunE = func(c *cobra.Command, args []string) (err error) {
		if w.Server, err = command.TypedServer(e, server); err != nil {
			return err
		}
		if w.Named, err = lookup.Parse("vm", args[0], namespace); err != nil {
			return err
		}
		return run(c.Context())
	}
	c.Flags().StringVar(&server, "server", "", "Look only at the Supervisor with this `ADDRESS` or name.")
	c.Flags().StringVarP(&namespace, "namespace", "n", "", "Look only in this vSphere Namespace (`NAME`).")
	_ = c.RegisterFlagCompletionFunc("server", command.Servers(e))
	_ = c.RegisterFlagCompletionFunc("namespace", survey.Namespaces(e))
}

func oneName(c *cobra.Command, args []string) error {
	var err error
	switch {
	case len(args) == 0 || args[0] == "":
		err = errors.New("which virtual machine? Type its name; to see them, type: kubectl vsphere vm list")
	case len(args) > 1:
		err = fmt.Errorf("%q is one word too many: one virtual machine at a time", args[1])
	default:
		return nil
	}
	return &failure.UsageError{Command: c.CommandPath(), Err: err}
}

// machine is a virtual machine that was found, and the API server that it is at.
type machine struct {
	env    *console.Env
	server *survey.Connection
	kubeapi.Target
	title  string // NAMESPACE/NAME at SUPERVISOR
	failed error  // of a place that could not be asked
}

// find finds the virtual machine that a person means. The caller closes its connection.
func (w *which) find(ctx context.Context, e *console.Env) (*machine, error) {
	s, err := survey.Open(e, w.Server)
	if err != nil {
		return nil, err
	}
	if err := s.Check(); err != nil {
		return nil, err
	}
	s.Doing = "Looking for " + w.Name
	f, err := lookup.One(ctx, s, w.Named, &survey.Source{Resource: tkg.VMResource})
	if err != nil {
		return nil, err
	}
	i := f.Items[0]
	at, title := i.Place, fmt.Sprintf("%s/%s at %s", i.Metadata.Namespace, i.Metadata.Name, i.Place.Title)
	if users := at.Users(s); len(users) > 1 {
		at = users[0]
		title += " as " + at.Key.User
	}
	return &machine{
		env: e, server: s.Connect(at), failed: f.Failed, title: title,
		Target: kubeapi.Target{Resource: tkg.VMResource, Namespace: i.Metadata.Namespace, Name: i.Metadata.Name},
	}, nil
}

// typed is the virtual machine in a command to type.
func (m *machine) typed() string { return failure.Quote(m.Namespace + "/" + m.Name) }

// look returns the virtual machine as it is now.
func (m *machine) look(ctx context.Context) (kubeapi.Object, tkg.VM, error) {
	o, err := m.server.Get(ctx, m.Resource, m.Namespace, m.Name)
	if errors.Is(err, wire.ErrNotFound) {
		err = failure.Hint(fmt.Errorf("%s is gone: somebody has deleted it", m.title), "To see what is there, type: kubectl vsphere vm list")
	}
	return o, tkg.VMOf(o), err
}

// forbidden adds the role that is missing to an error, if one is.
func (m *machine) forbidden(ctx context.Context, err error, verb string, t kubeapi.Target) error {
	if !errors.Is(err, wire.ErrForbidden) {
		return err
	}
	if may, unknown := kubeapi.May(ctx, m.server.Server, verb, t); may || unknown != nil {
		return err // It is refused for another reason, which the error has.
	}
	return failure.Hint(fmt.Errorf("you may not %s %s in %s: %w", verb, t.Resource.Plural, t.Namespace, err),
		"Ask your vSphere administrator for the role \"edit\" or \"owner\" of the vSphere Namespace %s.", t.Namespace)
}

// end returns the error of a command that has found its virtual machine.
func (m *machine) end(err error) error { return cmp.Or(err, m.failed) }
