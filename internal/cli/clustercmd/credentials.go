package clustercmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/breakglass"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/privatefile"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// credentialsOptions are the argument and the flags of cluster credentials.
type credentialsOptions struct {
	target
	Kind       breakglass.Kind
	Output     string // "-": standard output
	Force, Yes bool
}

func credentialsCommand(e *console.Env) *cobra.Command {
	var o credentialsOptions
	var kind string
	c := &cobra.Command{
		Use: "credentials NAME --kind admin|ssh|ssh-password", Short: "Writes an admin kubeconfig, or the SSH key or password of nodes, to a file.",
		Long: `Writes credentials of a cluster to a file that only you can read: for the day on which nobody can
log in to the cluster. NAME is the name of the cluster, or NAMESPACE/NAME.

  admin         a kubeconfig with all rights in the cluster
  ssh           the SSH key of all its nodes
  ssh-password  the password of all its nodes, for their consoles

They are for whoever has them, and nobody can take them back. So the command says what they are for,
and asks. Without a terminal, --yes is the answer. It changes no other kubeconfig, and prints the
credentials only with --output -.

The file has the name of the Secret, such as tkc1-kubeconfig, and is made in the current directory.
You need the role edit or owner of the vSphere Namespace.`,
		Example: `  kubectl vsphere cluster credentials tkc1 --kind admin
  kubectl --kubeconfig tkc1-kubeconfig get nodes

  kubectl vsphere cluster credentials ns1/tkc1 --kind ssh --output /media/safe/tkc1.key`,
		Args: oneName("cluster"), ValidArgsFunction: firstName(command.ClusterNames(e)),
		RunE: func(c *cobra.Command, args []string) error {
			if !slices.Contains(breakglass.Kinds, kind) {
				return failure.Usagef("which credentials? Give --kind, one of %s", strings.Join(breakglass.Kinds, ", "))
			}
			if o.Kind = breakglass.Kind(kind); c.Flags().Changed("output") && o.Output == "" {
				return failure.Usagef("--output: the name of the file is missing")
			}
			if err := o.read(e, args[0]); err != nil {
				return err
			}
			return credentials(c.Context(), e, o)
		},
	}
	c.Flags().StringVar(&kind, "kind", "", "`KIND` of credentials: admin, ssh, ssh-password.")
	c.Flags().StringVar(&o.Output, "output", "", "Write to this `FILE`; - is standard output. (default the name of the Secret)")
	c.Flags().BoolVar(&o.Force, "force", false, "Replace a file that exists.")
	c.Flags().BoolVarP(&o.Yes, "yes", "y", false, "Do not ask.")
	o.addTo(c, e)
	_ = c.RegisterFlagCompletionFunc("kind", command.Values(func() []string { return slices.Clone(breakglass.Kinds) }))
	command.Files(c, "output")
	return c
}

// firstName completes the first word.
func firstName(complete command.Complete) command.Complete {
	return func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(c, args, typed)
	}
}

// purposes are what credentials are for, and what they open. %s is the cluster.
var purposes = map[breakglass.Kind]string{
	breakglass.Admin: "The admin kubeconfig of %s is for the day on which nobody can log in to the cluster. Whoever has it may do everything there, " +
		"and is not known by name. Nobody can take it back.",
	breakglass.SSHKey: "The SSH key of %s is for the repair of its nodes. Whoever has it gets into each of them as " + breakglass.User + ". Nobody can take it back.",
	breakglass.SSHPassword: "The SSH password of %s is for the console of a node that no network reaches. Whoever has it gets into each node as " + breakglass.User +
		". Nobody can take it back.",
}

// credentials writes credentials to a file.
func credentials(ctx context.Context, e *console.Env, o credentialsOptions) error {
	to := privatefile.Output(o.Output)
	if to == "" {
		to = privatefile.Output(o.Kind.SecretName(o.Name))
	}
	if err := to.Check(o.Force); err != nil {
		return err
	}
	if e.Terminal == nil && !o.Yes {
		return failure.Usagef("there is no terminal to ask on: with --yes, nobody is asked")
	}
	s, err := o.open(e, "cluster")
	if err != nil {
		return err
	}
	cluster, err := o.cluster(ctx, s)
	if err != nil {
		return err
	}
	e.Tellf(purposes[o.Kind], cluster.Metadata.Namespace+"/"+cluster.Metadata.Name)
	if !o.Yes {
		if yes, err := e.Confirm(ctx, fmt.Sprintf("Write it to %s?", to.Words())); err != nil || !yes {
			return either(err, errNotConfirmed)
		}
	}
	c, err := secretOf(ctx, s, cluster, o.Kind)
	if err != nil {
		return err
	}
	if !c.Until.IsZero() && c.Until.Before(e.Now()) {
		e.Warn(fmt.Errorf("its certificate ended on %s", c.Until.Format(time.DateOnly)))
	}
	if err := to.Write(e, c.Text, o.Force); err != nil || to == privatefile.Stdout {
		return err
	}
	e.Printf("Wrote %s. Remove it when you are done.", string(to))
	next(e, o, to, c)
	return nil
}

// either returns err, or other if it is nil.
func either(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// next says how to use a file.
func next(e *console.Env, o credentialsOptions, to privatefile.Output, c breakglass.Credentials) {
	switch o.Kind {
	case breakglass.Admin:
		e.Tellf("It is valid until %s. To use it, type: kubectl --kubeconfig %s get nodes", c.Until.Format(time.DateOnly), failure.Quote(string(to)))
	case breakglass.SSHKey:
		e.Tellf("To use it, type: ssh -i %s %s@ADDRESS", failure.Quote(string(to)), breakglass.User)
	}
}

// secretOf reads credentials of a cluster.
func secretOf(ctx context.Context, s *survey.Site, cluster survey.Item, kind breakglass.Kind) (breakglass.Credentials, error) {
	namespace, name := cluster.Metadata.Namespace, kind.SecretName(cluster.Metadata.Name)
	secret, err := cluster.Beside(ctx, s, breakglass.Resource, name)
	switch {
	case errors.Is(err, wire.ErrForbidden):
		err = fmt.Errorf("you may not read the Secret %s in %s at %s: %w", name, namespace, cluster.Place.Title, wire.ErrForbidden)
		return breakglass.Credentials{}, failure.Hint(err, "The roles edit and owner of the vSphere Namespace %s may. Ask your vSphere administrator for one.", namespace)
	case errors.Is(err, wire.ErrNotFound):
		err = fmt.Errorf("there is no Secret %s in %s at %s: %w", name, namespace, cluster.Place.Title, wire.ErrNotFound)
		return breakglass.Credentials{}, failure.Hint(err, "It comes with the cluster. To see how far that is, type: kubectl vsphere describe cluster %s",
			failure.Quote(namespace+"/"+cluster.Metadata.Name))
	case err != nil:
		return breakglass.Credentials{}, err
	}
	c, err := kind.Read(cluster.Metadata.Name, secret)
	return c, failure.Hint(err, "Nothing of it was used. Ask your vSphere administrator.")
}
