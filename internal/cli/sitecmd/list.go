package sitecmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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
	Format     listFormat
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
What you may not list, or what a Supervisor does not have, is noted on standard error. The exit
code is 5 if a Supervisor could not be asked.

With --vcenter, "list sites" asks a vCenter which Supervisors it has. If you may not see them, you
get the addresses of your vSphere Namespaces. The vCenter gets your password, once, and its session
ends with the command.`,
		Example: `  # Clusters, and the contexts for them
  kubectl vsphere list clusters

  # What a program reads
  kubectl vsphere list clusters -n ns1 -o json

  # The Supervisors of a vCenter, and their addresses
  kubectl vsphere list sites --vcenter vcenter.example.com -u dev@vsphere.local`,
		Args:              kindArg,
		ValidArgsFunction: completeKinds,
		RunE: func(c *cobra.Command, args []string) (err error) {
			o.Kind = findKind(args[0])
			if o.Server, err = command.TypedServer(e, server); err != nil {
				return err
			}
			if err := o.check(); err != nil {
				return err
			}
			asked, err := vCenter.read(c, o)
			switch {
			case err != nil:
				return err
			case vCenter.address != "":
				return o.listVCenter(c.Context(), e, asked)
			}
			return list(c.Context(), e, o)
		},
	}
	f := c.Flags()
	f.StringVar(&server, "server", "", "List only what the Supervisor with this `ADDRESS` or name holds.")
	f.StringSliceVarP(&o.Namespaces, "namespace", "n", nil, "List only what is in these vSphere Namespaces (`NAMES`).")
	o.Format.addTo(c)
	f.StringVar(&o.SortBy, "sort-by", "", "Sort by this `COLUMN`.")
	f.BoolVarP(&o.Watch, "watch", "w", false, "Then look again every 5 seconds, and print what has changed.")
	vCenter.addTo(c, e)
	_ = c.RegisterFlagCompletionFunc("server", command.Servers(e))
	_ = c.RegisterFlagCompletionFunc("namespace", survey.Namespaces(e))
	return c
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
	case len(args) > 1:
		err = fmt.Errorf("%q is one word too many: one kind at a time", args[1])
	case len(args) == 1 && findKind(args[0]) != nil:
		return nil
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
	if o.Watch && o.Format.structured() {
		return failure.Usagef("--watch prints lines: use it without -o %s", o.Format)
	}
	return nil
}

// watchEvery is how often --watch looks.
const watchEvery = 5 * time.Second

// list prints a list, and with --watch what changes in it.
func list(ctx context.Context, e *console.Env, o listOptions) error {
	s, err := survey.Open(e, o.Server)
	if err != nil {
		return err
	}
	if err := s.Check(); err != nil && o.Kind.local == nil {
		return err
	}
	console.SurviveParent()
	rows, failed := o.read(ctx, s)
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := o.sort(rows); err != nil {
		return err
	}
	if err := o.print(s, rows, failed); err != nil || !o.Watch {
		return errors.Join(err, failed)
	}
	return o.watch(ctx, s, rows)
}

// read reads the rows. The error says that some are missing; it is printed already.
func (o listOptions) read(ctx context.Context, s *survey.Site) ([]row, error) {
	if o.Kind.local != nil {
		return o.Kind.local(s), nil
	}
	p := s.Env.NewProgress()
	r := s.Read(ctx, o.Namespaces, o.Kind.sources, func(done int) { p.Show("Listing "+o.Kind.name, done, 0) })
	p.Done()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	rows := o.Kind.rows
	if rows == nil {
		rows = served
	}
	return rows(r), r.Tell(func(err error) { failure.Explain(console.Prose(s.Env.ErrOut), err) })
}

// watch prints rows that have changed, until ctx ends. Servers that do not answer are told of once.
func (o listOptions) watch(ctx context.Context, s *survey.Site, before []row) error {
	known := map[string]row{}
	for _, r := range before {
		known[r.key()] = r
	}
	quiet := *s
	quiet.Env = s.Env.Quiet()
	for {
		if err := console.Sleep(ctx, s.Env, watchEvery); err != nil {
			return err
		}
		rows, failed := o.read(ctx, &quiet)
		if err := ctx.Err(); err != nil {
			return err
		}
		var changed []row
		now := map[string]row{}
		for _, r := range rows {
			now[r.key()] = r
			if was, there := known[r.key()]; !there || !slices.Equal(o.steady(was), o.steady(r)) {
				changed = append(changed, r)
			}
		}
		for key, was := range known {
			if _, there := now[key]; !there && failed == nil {
				changed = append(changed, was.gone())
			} else if !there {
				now[key] = was // Nobody knows.
			}
		}
		known = now
		if len(changed) > 0 {
			if err := o.sort(changed); err != nil {
				return err
			}
			if err := o.print(&quiet, changed, failed); err != nil {
				return err
			}
		}
	}
}

// steady returns the cells of a row without those that change by themselves.
func (o listOptions) steady(r row) (cells []string) {
	for i, c := range r.columns {
		if !slices.Contains([]string{"AGE", "TOKEN", "LAST SEEN", "CREATED"}, strings.ToUpper(c.Name)) {
			cells = append(cells, r.cells[i])
		}
	}
	return cells
}

// gone is a row about something that is no longer there: the last column that is shown says so.
func (r row) gone() row {
	r.cells = make([]string, len(r.columns))
	for i, c := range slices.Backward(r.columns) {
		if !c.Wide {
			r.cells[i] = "gone"
			break
		}
	}
	return r
}
