package clustercmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/lookup"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/address"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// target is the cluster or node that a person names.
type target struct {
	Name      string
	Namespace string // empty: any
	Server    string // canonical; empty: any

	typedServer string
}

func (t *target) addTo(c *cobra.Command, e *console.Env) {
	c.Flags().StringVar(&t.typedServer, "server", "", "Look only at the Supervisor with this `ADDRESS` or name.")
	c.Flags().StringVarP(&t.Namespace, "namespace", "n", "", "Look only in this vSphere Namespace (`NAME`).")
	_ = c.RegisterFlagCompletionFunc("server", command.Servers(e))
	_ = c.RegisterFlagCompletionFunc("namespace", survey.Namespaces(e))
}

// read reads NAME or NAMESPACE/NAME.
func (t *target) read(e *console.Env, typed string) (err error) {
	named, err := lookup.Parse("cluster", typed, t.Namespace)
	if err != nil {
		return err
	}
	t.Namespace, t.Name = named.Namespace, named.Name
	for part := range strings.SplitSeq(t.Name, ".") {
		if !address.IsLabel(part) { // It becomes the name of a file, too.
			return failure.Usagef("%.80q is not a name of a cluster or node", t.Name)
		}
	}
	t.Server, err = command.TypedServer(e, t.typedServer)
	return err
}

// oneName takes one name.
func oneName(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		var err error
		switch {
		case len(args) == 0:
			err = fmt.Errorf("which %s? Type its name", what)
		case len(args) > 1:
			err = fmt.Errorf("%q is one word too many: one name at a time", args[1])
		default:
			return nil
		}
		return &failure.UsageError{Command: c.CommandPath(), Err: err}
	}
}

// open opens the site at which to look for the target.
func (t target) open(e *console.Env, what string) (*survey.Site, error) {
	s, err := survey.Open(e, t.Server)
	if err != nil {
		return nil, err
	}
	s.Doing = "Looking for the " + what + " " + t.Name
	return s, s.Check()
}

// find returns the objects of the target.
func (t target) find(ctx context.Context, s *survey.Site, n lookup.Named, sources ...*survey.Source) (lookup.Found, error) {
	n.Name, n.Namespace = t.Name, t.Namespace
	return lookup.One(ctx, s, n, sources...)
}

// cluster returns the Cluster that the target names, or its TanzuKubernetesCluster.
func (t target) cluster(ctx context.Context, s *survey.Site) (survey.Item, error) {
	f, err := t.find(ctx, s, lookup.Named{What: "cluster"}, &survey.Source{Resource: tkg.ClusterResource}, &survey.Source{Resource: tkg.TanzuClusterResource})
	if err != nil {
		return survey.Item{}, err
	}
	return f.Items[0], nil
}

var errNotConfirmed = errors.New("you did not confirm; nothing was read and nothing is changed")
