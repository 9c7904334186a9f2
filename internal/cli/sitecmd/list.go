package sitecmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/address"
)

// listOptions are the flags of list.
type listOptions struct {
	Kind       *kind
	Server     string   // canonical; empty: all
	Namespaces []string // empty: all
	All        bool     // all namespaces, which is the default
	Format     command.Format
	SortBy     string // a heading; empty: by server, namespace and name
	Watch      bool
}

// NewList returns the list command.
func NewList(e *console.Env) *cobra.Command {
	var o listOptions
	var server string
	var vCenter vCenterFlags
	c := &cobra.Command{
		Use:   "list WHAT",
		Short: "Lists what your Supervisors hold: clusters, releases, storage and others.",
		Long: `Lists what the Supervisors of all your sessions hold, in all vSphere Namespaces that have a context.
WHAT is one of these, or a short name of kubectl for it:

` + kindList() + `
Rows are in the order of Supervisors, vSphere Namespaces and names. A table of many namespaces
begins before all have answered. If one is slow, its rows come after those of later ones. With
-o name, json or yaml, and with --sort-by, everything is in order.

With --watch, a row is printed again when it changes, until you press Ctrl-C.

What you may not list, or what a Supervisor does not have, is noted on standard error. The exit
code is 5 if a Supervisor could not be asked.

With --vcenter, "list sites" asks a vCenter which Supervisors it has. If you may not see them, you
get the addresses of your vSphere Namespaces. The vCenter gets your password, once, and its session
ends with the command.`,
		Example: `  # Clusters, and the contexts for them
  kubectl vsphere list clusters

  # What a program reads
  kubectl vsphere list clusters -n ns1 -o json

  # Wait for an address
  kubectl vsphere list services -n ns1 --watch


  # The Supervisors of a vCenter, and their addresses
  kubectl vsphere list sites --vcenter vcenter.example.com -u dev@vsphere.local`,
		Args:              kindArg,
		ValidArgsFunction: completeKinds,
		RunE: func(c *cobra.Command, args []string) (err error) {
			o.Kind = findKind(args[0])
			if o.Server, err = command.TypedServer(e, server); err != nil {
				return err
			}
			asked, err := vCenter.read(c, o)
			if err := cmp.Or(err, o.check()); err != nil {
				return err
			}
			if vCenter.address != "" {
				if err := o.sortableBy(vCenterColumns); err != nil {
					return err
				}
				return o.listVCenter(c.Context(), e, asked)
			}
			return list(c.Context(), e, o)
		},
	}
	o.addTo(c, e, &server)
	vCenter.addTo(c, e)
	return c
}

// NewListVMs returns the command that lists virtual machines as the list command does, named list.
func NewListVMs(e *console.Env) *cobra.Command {
	o := listOptions{Kind: findKind("vms")}
	var server string
	c := &cobra.Command{
		Use: "list", Short: "Lists virtual machines.",
		Long: `Lists the virtual machines in all vSphere Namespaces that have a context, also those of clusters, as
"kubectl vsphere list vms" does.`,
		Example: "  kubectl vsphere vm list -n ns1\n  kubectl vsphere vm list -o wide --watch",
		Args:    command.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if o.Server, err = command.TypedServer(e, server); err != nil {
				return err
			}
			if err := o.check(); err != nil {
				return err
			}
			return list(c.Context(), e, o)
		},
	}
	o.addTo(c, e, &server)
	return c
}

// addTo adds the flags that all lists have.
func (o *listOptions) addTo(c *cobra.Command, e *console.Env, server *string) {
	f := c.Flags()
	f.StringVar(server, "server", "", "List only what the Supervisor with this `ADDRESS` or name holds.")
	f.StringSliceVarP(&o.Namespaces, "namespace", "n", nil, "List only what is in these vSphere Namespaces (`NAMES`).")
	f.BoolVarP(&o.All, "all-namespaces", "A", false, "List what is in all vSphere Namespaces, as without --namespace.")
	o.Format.AddFormats(c, "Output format: wide, name, json or yaml. (default a table)", "wide", "name", "json", "yaml")
	f.StringVar(&o.SortBy, "sort-by", "", "Sort by this `COLUMN`, or by .metadata.creationTimestamp.")
	f.BoolVarP(&o.Watch, "watch", "w", false, "Then print what changes, until you press Ctrl-C.")
	_ = c.RegisterFlagCompletionFunc("server", command.Servers(e))
	_ = c.RegisterFlagCompletionFunc("namespace", survey.Namespaces(e))
}

// kindList returns the kinds for the help.
func kindList() string {
	var b strings.Builder
	for _, k := range kinds() {
		fmt.Fprintf(&b, "  %-11s %s\n", k.name, k.short)
	}
	return b.String()
}

// kindArg takes one kind. It suggests similar ones.
func kindArg(c *cobra.Command, args []string) error {
	err := fmt.Errorf("what to list? Type one of %s", kindNames())
	switch {
	case len(args) == 2 && findKind(args[0]) != nil && slices.Contains([]string{"clusters", "namespaces", "vms"}, findKind(args[0]).name):
		one := strings.TrimSuffix(findKind(args[0]).name, "s")
		err = fmt.Errorf("%q is one word too many: list shows all; to see one, type: kubectl vsphere describe %s %s", args[1], one, failure.Quote(args[1]))
	case len(args) > 1:
		err = fmt.Errorf("%q is one word too many: one kind at a time", args[1])
	case len(args) == 1 && findKind(args[0]) != nil:
		return nil
	case len(args) == 1 && slices.Contains(kubectls, strings.ToLower(args[0])):
		err = failure.Hint(fmt.Errorf("%q is nothing to list; there are %s", args[0], kindNames()), "%s", askKubectl(args[0]))
	case len(args) == 1:
		err = fmt.Errorf("%q is nothing to list; there are %s", args[0], kindNames())
		if alike := command.Similar(args[0], everyName()); len(alike) > 0 {
			err = fmt.Errorf("%q is nothing to list; did you mean %s?", args[0], strings.Join(alike, " or "))
		}
	}
	return &failure.UsageError{Command: c.CommandPath(), Err: err}
}

func kindNames() string {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return strings.Join(names, ", ")
}

func everyName() (all []string) {
	for _, k := range kinds() {
		all = append(all, k.names()...)
	}
	return all
}

func completeKinds(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return command.Offer(everyName())
}

func (o listOptions) check() error {
	for _, ns := range o.Namespaces {
		if !address.IsLabel(ns) {
			return failure.Usagef("--namespace: %.80q is not a name of a namespace", ns)
		}
	}
	switch {
	case o.All && len(o.Namespaces) > 0:
		return failure.Usagef("--all-namespaces and --namespace do not go together")
	case o.Watch && o.Format.Structured():
		return failure.Usagef("--watch prints lines: use it without -o %s", o.Format)
	case o.Watch && o.Kind.local != nil:
		return failure.Usagef("%s are on this machine: --watch is for what a Supervisor holds", o.Kind.name)
	}
	return nil
}

// list prints a list, and with --watch what changes in it.
func list(ctx context.Context, e *console.Env, o listOptions) error {
	if o.Kind.columns != nil {
		if err := o.sortableBy(o.Kind.columns); err != nil {
			return err
		}
	}
	s, err := survey.Open(e, o.Server)
	if err != nil {
		return err
	}
	if o.Kind.local != nil {
		rows := o.Kind.local(s)
		if err := o.sort(rows); err != nil {
			return err
		}
		return o.print(s, rows, nil)
	}
	if err := s.Check(); err != nil {
		return err
	}
	console.SurviveParent()
	out := o.newPrinter(s)
	r, err := out.read(ctx)
	if err != nil {
		return err
	}
	failed := r.Tell(func(err error) { failure.Explain(console.Prose(e.ErrOut), err) })
	out.hidden = r.Forbidden()
	if !out.streamed {
		rows := o.rowsOf(r)
		if err := o.sort(rows); err != nil {
			return err
		}
		if err := out.all(rows, failed); err != nil {
			return err
		}
	}
	if !o.Watch || failed != nil && !errors.Is(failed, failure.ErrPartial) {
		return failed
	}
	return o.watch(ctx, out, r)
}
