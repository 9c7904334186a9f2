// Package describecmd is kubectl vsphere describe: one cluster, vSphere Namespace or virtual machine on a page, and what is wrong with it.
package describecmd

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/lookup"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
)

// describeOptions are the arguments and flags of describe.
type describeOptions struct {
	lookup.Named        // What is cluster, namespace or vm
	Server       string // canonical; empty: any
	Format       command.Format
}

// New returns the describe command.
func New(e *console.Env) *cobra.Command {
	var o describeOptions
	var server string
	c := &cobra.Command{
		Use:   "describe cluster|namespace|vm NAME",
		Short: "Shows one cluster, vSphere Namespace or virtual machine, and what is wrong with it.",
		Long: `Shows a cluster, a vSphere Namespace or a virtual machine on one page: first what is wrong with it
and what to do, then its state, its parts, and where they are. NAME is its name, or NAMESPACE/NAME.

It looks in all vSphere Namespaces that have a context, at the Supervisors of all your sessions.`,
		Example: `  kubectl vsphere describe cluster tkc1
  kubectl vsphere describe vm web-1 -n ns1
  kubectl vsphere describe namespace ns1 -o json`,
		Args: describeArgs,
		ValidArgsFunction: func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			switch {
			case len(args) == 0:
				return command.Offer([]string{"cluster", "namespace", "vm"})
			case len(args) == 1 && describeKind(args[0]) == "cluster":
				return command.ClusterNames(e)(c, nil, typed)
			case len(args) == 1 && describeKind(args[0]) == "namespace":
				return survey.Namespaces(e)(c, nil, typed)
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) (err error) {
			o.What, o.Name = describeKind(args[0]), args[1]
			if o.Server, err = command.TypedServer(e, server); err != nil {
				return err
			}
			if o.Named, err = lookup.Parse(o.What, o.Name, o.Namespace); err != nil {
				return err
			}
			return describe(c.Context(), e, o)
		},
	}
	c.Flags().StringVar(&server, "server", "", "Look only at the Supervisor with this `ADDRESS` or name.")
	c.Flags().StringVarP(&o.Namespace, "namespace", "n", "", "Look only in this vSphere Namespace (`NAME`).")
	o.Format.AddTo(c)
	_ = c.RegisterFlagCompletionFunc("server", command.Servers(e))
	_ = c.RegisterFlagCompletionFunc("namespace", survey.Namespaces(e))
	return c
}

// describeKind returns the kind that a word means, or "". kubectl's names and short names mean the same.
func describeKind(word string) string {
	switch strings.ToLower(word) {
	case "cluster", "clusters", "cl", "tkc", "tanzukubernetescluster":
		return "cluster"
	case "namespace", "namespaces", "ns":
		return "namespace"
	case "vm", "vms", "virtualmachine", "virtualmachines":
		return "vm"
	}
	return ""
}

func describeArgs(c *cobra.Command, args []string) error {
	var err error
	switch {
	case len(args) == 0:
		err = fmt.Errorf("what to describe? Type cluster, namespace or vm, and a name")
	case describeKind(args[0]) == "":
		err = fmt.Errorf("%q is nothing to describe; type cluster, namespace or vm, and then a name", args[0])
	case len(args) == 1 || args[1] == "":
		err = fmt.Errorf("which %s? Type its name", describeKind(args[0]))
	case len(args) > 2:
		err = fmt.Errorf("%q is one word too many: one name at a time", args[2])
	default:
		return nil
	}
	return &failure.UsageError{Command: c.CommandPath(), Err: err}
}

// describe prints the page of one thing.
func describe(ctx context.Context, e *console.Env, o describeOptions) error {
	s, err := survey.Open(e, o.Server)
	if err != nil {
		return err
	}
	if err := s.Check(); err != nil {
		return err
	}
	console.SurviveParent()
	s.Doing = fmt.Sprintf("Looking at %s %s", o.What, o.Name)
	var p *page
	var failed error
	switch o.What {
	case "cluster":
		p, failed, err = cluster(ctx, s, o)
	case "namespace":
		p, failed, err = namespace(ctx, s, o)
	case "vm":
		p, failed, err = machine(ctx, s, o)
	}
	switch {
	case err != nil:
	case o.Format.Structured():
		err = o.Format.Write(e.Out, p.info())
	default:
		err = p.print(e)
	}
	return cmp.Or(err, failed)
}

// tell prints what could not be read (survey.Reading.Tell).
func tell(r *survey.Reading) error {
	return r.Tell(func(err error) { failure.Explain(console.Prose(r.Env.ErrOut), err) })
}
