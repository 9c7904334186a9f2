// Package manifestcmd writes manifests of clusters, upgrades clusters and scales them. It changes one field of an object, and follows what
// that does.
package manifestcmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/lookup"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/manifest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// manifestOptions are the argument and the flags of cluster manifest.
type manifestOptions struct {
	manifest.Plan
	Server    string // canonical; empty: any
	Output    string // a file; empty or "-": standard output
	Force     bool   // problems are warnings
	Unchecked bool   // the server is not asked
	// Sized means that the nodes were named: nobody is asked for them.
	ControlSized, PoolsSized bool
}

// The blocks of addresses that TKG gives a cluster that names none.
const (
	defaultPods     = "192.168.0.0/16"
	defaultServices = "10.96.0.0/12"
)

// NewManifest returns the command that writes the manifest of a cluster.
func NewManifest(e *console.Env) *cobra.Command {
	var f manifestFlags
	c := &cobra.Command{
		Use:   "manifest NAME",
		Short: "Writes the manifest of a new cluster.",
		Long: `Writes the manifest of a new cluster, of what its vSphere Namespace offers. It creates nothing:
"kubectl apply -f" does.

At a terminal you pick what you do not name. Elsewhere, what has one choice only is taken, and the
rest must be named. The ClusterClass is the newest one for the release.

The manifest is checked by rules for what a Supervisor refuses late, or takes and never finishes: a
release without an image, a VM class that is not bound, a storage class that is full, a name that
was used before. Then the server checks it (a dry run), if you may create clusters.`,
		Example: `  # Pick at a terminal, look at it, create it
  kubectl vsphere cluster manifest shop -n ns1 --output shop.yaml
  kubectl --context ns1 apply -f shop.yaml

  # In a script
  kubectl vsphere cluster manifest shop -n ns1 --version v1.33.3---vmware.1-fips-vkr.1 \
    --vm-class best-effort-small --storage-class wcpglobal --control-plane 3 \
    --workers web=3 --workers data=2,vm-class=best-effort-large`,
		Args: oneName("cluster"),
		RunE: func(c *cobra.Command, args []string) error {
			o, err := f.options(c, e, args[0])
			if err != nil {
				return err
			}
			return writeManifest(c.Context(), e, o)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	f.add(c)
	_ = c.RegisterFlagCompletionFunc("server", command.Servers(e))
	_ = c.RegisterFlagCompletionFunc("namespace", survey.Namespaces(e))
	_ = c.RegisterFlagCompletionFunc("api", cobra.FixedCompletions([]string{"cluster", "tkc"}, cobra.ShellCompDirectiveNoFileComp))
	command.Files(c, "output")
	return c
}

// manifestFlags are the flags as they are typed.
type manifestFlags struct {
	o                           manifestOptions
	namespace, server, api      string
	workers, variables          []string
	version, pods, services     string
	class, vmClass, storageName string
}

func (f *manifestFlags) add(c *cobra.Command) {
	command.Group(c, "The cluster", func(s *pflag.FlagSet) {
		s.StringVarP(&f.namespace, "namespace", "n", "", "vSphere `NAMESPACE` of the cluster. (default that of the\ncurrent context)")
		s.StringVar(&f.version, "version", "", "`RELEASE` of Kubernetes, by its name.")
		s.StringVar(&f.class, "class", "", "`CLUSTERCLASS` of the cluster. (default the newest one for\nthe release)")
		s.StringVar(&f.vmClass, "vm-class", "", "VM `CLASS` of the nodes.")
		s.StringVar(&f.storageName, "storage-class", "", "Storage `CLASS` of the nodes.")
		s.IntVar(&f.o.ControlPlane, "control-plane", 0, "`NUMBER` of nodes of the control plane: 1, 3 or 5.\n(default 1)")
		s.StringArrayVar(&f.workers, "workers", nil, "A `POOL=NUMBER` of workers, with more as in\ndata=2,zone=zone-a,vm-class=large,storage-class=gold. You\ncan repeat it. (default node-pool-1=1)")
		s.StringArrayVar(&f.variables, "set", nil, "A further variable of the ClusterClass: `NAME=VALUE`. A value\nmay be JSON. You can repeat it.")
		s.StringVar(&f.pods, "pods", "", "`BLOCK` of addresses for pods. (default "+defaultPods+")")
		s.StringVar(&f.services, "services", "", "`BLOCK` of addresses for services. (default "+defaultServices+")")
		s.StringVar(&f.api, "api", "cluster", "`KIND` of object: cluster, or tkc (TanzuKubernetesCluster).")
	})
	command.Group(c, "The manifest", func(s *pflag.FlagSet) {
		s.StringVar(&f.o.Output, "output", "", "Write to this `FILE`. (default standard output)")
		s.BoolVar(&f.o.Force, "force", false, "Write it also if something is wrong with it.")
		s.BoolVar(&f.o.Unchecked, "skip-server-check", false, "Do not ask the server to check it.")
	})
	c.Flags().StringVar(&f.server, "server", "", "Look only at the Supervisor with this `ADDRESS` or name.")
}

// options reads the flags.
func (f *manifestFlags) options(c *cobra.Command, e *console.Env, typed string) (o manifestOptions, err error) {
	o = f.o
	named, err := lookup.Parse("cluster", typed, f.namespace)
	if err != nil {
		return o, err
	}
	o.Namespace, o.Name = named.Namespace, named.Name
	o.Release, o.Class = tkg.ReleaseName(f.version), f.class
	o.VMClass, o.StorageClass, o.Pods, o.Services = f.vmClass, f.storageName, f.pods, f.services
	o.ControlSized, o.PoolsSized = c.Flags().Changed("control-plane"), len(f.workers) > 0
	switch f.api {
	case "cluster":
		o.Pods, o.Services = cmp.Or(o.Pods, defaultPods), cmp.Or(o.Services, defaultServices)
	case "tkc":
		if o.Tanzu = true; o.Class != "" || len(f.variables) > 0 {
			return o, failure.Usagef("--class and --set are for --api cluster: a TanzuKubernetesCluster has no class")
		}
	default:
		return o, failure.Usagef("--api: %.80q is neither cluster nor tkc", f.api)
	}
	for _, typed := range f.workers {
		pool, err := manifest.ParsePool(typed)
		if err != nil {
			return o, failure.Usagef("--workers: %w", err)
		}
		o.Pools = append(o.Pools, pool)
	}
	for _, typed := range f.variables {
		v, err := manifest.ParseVariable(typed)
		if err != nil {
			return o, failure.Usagef("--set: %w", err)
		}
		o.Variables = append(o.Variables, v)
	}
	if o.Server, err = command.TypedServer(e, f.server); err != nil {
		return o, err
	}
	return o, nil
}

// oneName returns an argument check for one name.
func oneName(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) == 0 || args[0] == "":
			return &failure.UsageError{Command: c.CommandPath(), Err: fmt.Errorf("which %s? Type its name", what)}
		case len(args) > 1:
			return &failure.UsageError{Command: c.CommandPath(), Err: fmt.Errorf("%q is one word too many: one name at a time", args[1])}
		}
		return nil
	}
}

// writeManifest reads what there is, fills in the plan, checks it and writes the manifest.
func writeManifest(ctx context.Context, e *console.Env, o manifestOptions) error {
	s, err := survey.Open(e, o.Server)
	if err != nil {
		return err
	}
	if err := s.Check(); err != nil {
		return err
	}
	p, ns, err := choosePlace(ctx, s, o.Namespace)
	if err != nil {
		return err
	}
	o.Namespace = ns
	s.Doing = "Looking what " + ns + " offers"
	offers, err := readOffers(ctx, s, p, o.Plan)
	if err != nil {
		return err
	}
	ask := asker{env: e, offers: offers}
	if err := ask.fill(ctx, &o); err != nil {
		return err
	}
	if err := judge(e, o, o.Check(offers)); err != nil {
		return err
	}
	return chosen{s, p}.deliver(ctx, o, offers)
}

// judge prints what is wrong with a plan. It is an error, unless the person wants the manifest all the same.
func judge(e *console.Env, o manifestOptions, problems []manifest.Problem) error {
	for _, p := range problems {
		if o.Force {
			e.Warn(errors.New(p.Text))
			continue
		}
		e.Tellf("%s", p.Text)
	}
	if len(problems) == 0 || o.Force {
		return nil
	}
	what := "a problem"
	if n := len(problems); n > 1 {
		what = fmt.Sprintf("%d problems", n)
	}
	return failure.Hint(fmt.Errorf("no manifest is written, because of %s", what), "%s", todo(problems[0].Part, o.Namespace))
}

// todo says where to look for what is right.
func todo(p manifest.Part, ns string) string {
	in := " -n " + failure.Quote(ns)
	switch p {
	case manifest.Name:
		return "Choose another name. With --force the manifest is written all the same."
	case manifest.Releases:
		return "Choose a release with an image: kubectl vsphere list releases"
	case manifest.VMs:
		return "See what is bound: kubectl vsphere list classes" + in
	case manifest.Storage:
		return "See what is left: kubectl vsphere list storage" + in
	case manifest.Zones:
		return "See the zones: kubectl vsphere list zones" + in
	case manifest.Classes:
		return "See the classes: kubectl get clusterclasses.cluster.x-k8s.io" + in
	}
	return "With --force the manifest is written all the same."
}
