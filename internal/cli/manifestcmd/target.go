package manifestcmd

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/lookup"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/duration"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/manifest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// changeOptions are what the commands that change a cluster share.
type changeOptions struct {
	Name      string
	Namespace string // empty: any
	Server    string // canonical; empty: any
	DryRun    bool
	Force     bool
	Wait      bool
	Timeout   duration.Flag // of Wait
}

// changeFlags are the flags as they are typed.
type changeFlags struct {
	o                 changeOptions
	server, namespace string
}

func (f *changeFlags) add(c *cobra.Command, e *console.Env) {
	f.o.Timeout = duration.Flag(maxWait)
	c.Flags().StringVar(&f.server, "server", "", "Look only at the Supervisor with this `ADDRESS` or name.")
	c.Flags().StringVarP(&f.namespace, "namespace", "n", "", "Look only in this vSphere Namespace (`NAME`).")
	c.Flags().BoolVar(&f.o.DryRun, "dry-run", false, "Have the server check the change, and change nothing.")
	c.Flags().BoolVar(&f.o.Wait, "wait", false, "Wait until all nodes are as they should be.")
	c.Flags().Var(&f.o.Timeout, "timeout", "`TIME` to wait at most.")
	_ = c.RegisterFlagCompletionFunc("server", command.Servers(e))
	_ = c.RegisterFlagCompletionFunc("namespace", survey.Namespaces(e))
	c.ValidArgsFunction = command.ClusterNames(e)
}

func (f *changeFlags) options(e *console.Env, typed string) (o changeOptions, err error) {
	o = f.o
	named, err := lookup.Parse("cluster", typed, f.namespace)
	if err != nil {
		return o, err
	}
	o.Namespace, o.Name = named.Namespace, named.Name
	o.Server, err = command.TypedServer(e, f.server)
	return o, err
}

// target is the cluster that is changed.
type target struct {
	site   *survey.Site
	place  *survey.Place
	server *kubeapi.Server
	done   func()

	namespace, name string
	resource        kubeapi.Resource // of asked
	asked           kubeapi.Object   // what people write: the TanzuKubernetesCluster, if there is one, else the Cluster
	cluster         kubeapi.Object   // what Cluster API writes
	facts           tkg.ClusterFacts
}

// errNoCluster is the error of a TanzuKubernetesCluster without its Cluster.
var errNoCluster = errors.New("its Cluster is not there yet, or you may not list it")

// find returns the cluster that a person means.
func find(ctx context.Context, e *console.Env, o changeOptions) (*target, error) {
	s, err := survey.Open(e, o.Server)
	if err != nil {
		return nil, err
	}
	if err := s.Check(); err != nil {
		return nil, err
	}
	s.Doing = "Looking at cluster " + o.Name
	found, err := lookup.One(ctx, s, lookup.Named{What: "cluster", Name: o.Name, Namespace: o.Namespace},
		&survey.Source{Resource: tkg.ClusterResource, Facts: survey.WholeIf(o.Name)}, &survey.Source{Resource: tkg.TanzuClusterResource, Facts: survey.WholeIf(o.Name)})
	if err != nil {
		return nil, err
	}
	first := found.Items[0]
	t := &target{site: s, place: first.Place, namespace: first.Metadata.Namespace, name: first.Metadata.Name, resource: tkg.ClusterResource}
	if slices.ContainsFunc(found.Items, func(i survey.Item) bool { return i.Source.Resource == tkg.TanzuClusterResource }) {
		t.resource = tkg.TanzuClusterResource
	}
	connection := s.Connect(t.place)
	t.server, t.done = connection.Server, connection.Close
	if err := t.read(ctx); err != nil {
		t.done()
		return nil, fmt.Errorf("cluster %s/%s: %w", t.namespace, t.name, err)
	}
	return t, nil
}

// read reads the objects of the cluster.
func (t *target) read(ctx context.Context) (err error) {
	if t.asked, err = t.server.Get(ctx, t.resource, t.namespace, t.name); err != nil {
		return err
	}
	t.cluster, t.facts = t.asked, tkg.ClusterFacts{}
	if t.resource == tkg.TanzuClusterResource {
		t.cluster, err = t.server.Get(ctx, tkg.ClusterResource, t.namespace, t.name)
		if errors.Is(err, wire.ErrNotFound) || errors.Is(err, wire.ErrForbidden) {
			return errNoCluster
		}
		t.facts = tkg.TanzuClusterFactsOf(t.asked)
	}
	t.facts = tkg.ClusterFactsOf(t.cluster).OrElse(t.facts)
	return err
}

// called returns the cluster for a sentence.
func (t *target) called() string {
	return fmt.Sprintf("cluster %s/%s at %s", t.namespace, t.name, t.place.Title)
}

// maxReads bounds how often a cluster that somebody else changes is read again.
const maxReads = 3

// change changes the cluster. plan makes the change of what was read, each time that somebody else was quicker.
func (t *target) change(ctx context.Context, o changeOptions, plan func() (manifest.Change, error)) error {
	at := kubeapi.Target{Resource: t.resource, Namespace: t.namespace, Name: t.name, DryRun: o.DryRun}
	for reads := 1; ; reads++ {
		c, err := plan()
		if err != nil || len(c.Operations) == 0 {
			return err
		}
		_, err = t.server.Operate(ctx, at, c.Operations)
		if !errors.Is(err, kubeapi.ErrConflict) || reads == maxReads {
			return denied(err, at)
		}
		before := t.asked.Metadata
		if again := t.read(ctx); again != nil {
			return again
		}
		switch {
		case t.asked.Metadata.UID != before.UID:
			return fmt.Errorf("the %s was deleted meanwhile, and made again; nothing was changed", t.called())
		case t.asked.Metadata.Version == before.Version:
			return err // The server refuses what it is asked: nobody was quicker.
		}
	}
}

// command returns what follows the change of a cluster, as a person types it.
func (t *target) command(verb string) string {
	return fmt.Sprintf("kubectl vsphere cluster %s %s -n %s --server %s", verb, failure.Quote(t.name), failure.Quote(t.namespace), failure.Quote(t.place.Key.Server))
}
