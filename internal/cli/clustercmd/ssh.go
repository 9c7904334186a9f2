package clustercmd

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/breakglass"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/lookup"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
)

// sshOptions are the arguments and flags of cluster ssh.
type sshOptions struct {
	target
	Jump      string
	AcceptNew bool
	Args      []string
}

func sshCommand(e *console.Env) *cobra.Command {
	var o sshOptions
	c := &cobra.Command{
		Use: "ssh NODE [-J HOST] [-- ARGS]", Short: "Starts ssh to a node, with the key of its cluster.",
		Long: `Starts ssh to a node of a cluster, with the key that the Supervisor keeps for the nodes. NODE is the
name of a node, of its machine or of its virtual machine, or NAMESPACE/NAME. The user there is
` + breakglass.User + `. What stands after -- goes to ssh: its options, and a command.

The key is in a private file as long as the session lasts. You are asked about a host key that is
not known yet. It is kept for that virtual machine: about another one with the same address, you are
asked again. A host key that has changed is refused. For the host of -J, your own key and your own
known_hosts are used.

The exit code is that of ssh. You need the role edit or owner of the vSphere Namespace.`,
		Example: `  kubectl vsphere cluster ssh tkc1-control-plane-x7k2p
  kubectl vsphere cluster ssh ns1/tkc1-node-1 -J admin@bastion.example.com
  kubectl vsphere cluster ssh tkc1-node-1 --accept-new-host-key -- sudo journalctl -u kubelet`,
		Args: func(c *cobra.Command, args []string) error {
			if before := c.ArgsLenAtDash(); before >= 0 {
				args = args[:before]
			}
			return oneName("node")(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			o.Args = args[1:]
			if c.Flags().Changed("jump") && (o.Jump == "" || strings.HasPrefix(o.Jump, "-") || strings.ContainsAny(o.Jump, " \t\r\n")) {
				return failure.Usagef("--jump: %.80q is not a host to go through", o.Jump)
			}
			if err := o.read(e, args[0]); err != nil {
				return err
			}
			return connect(c.Context(), e, o)
		},
	}
	c.Flags().StringVarP(&o.Jump, "jump", "J", "", "Go through this `HOST`: [USER@]HOST[:PORT].")
	c.Flags().BoolVar(&o.AcceptNew, "accept-new-host-key", false, "Do not ask about the host key of a node that is not known yet.")
	o.addTo(c, e)
	return c
}

// connect runs ssh to a node.
func connect(ctx context.Context, e *console.Env, o sshOptions) error {
	path, err := breakglass.Find(e)
	if err != nil {
		return err
	}
	s, err := o.open(e, "node")
	if err != nil {
		return err
	}
	found, err := o.find(ctx, s, lookup.Named{What: "node", Names: nodeNames}, &survey.Source{Resource: tkg.VMResource, Facts: survey.Whole},
		&survey.Source{Resource: tkg.MachineResource, Facts: survey.Whole, Aside: true})
	if err != nil {
		return err
	}
	item := virtual(found.Items)
	node, cluster, err := nodeOf(item)
	if err != nil {
		return err
	}
	of := item
	of.Metadata.Name = cluster
	key, err := secretOf(ctx, s, of, breakglass.SSHKey)
	if err != nil {
		return err
	}
	session := breakglass.Session{Env: e, Store: s.Sessions.Store, Node: node, Jump: o.Jump, AcceptNew: o.AcceptNew, Args: o.Args}
	return session.Run(ctx, path, key.Text)
}

// nodeNames returns the names by which a person knows a node.
func nodeNames(i survey.Item) []string {
	names := []string{i.Metadata.Name}
	if i.Source.Resource == tkg.MachineResource {
		if node := tkg.MachineOf(i.Facts.(kubeapi.Object)).Status.Node.Name; node != "" && node != i.Metadata.Name {
			names = append(names, node)
		}
	}
	return names
}

// virtual returns the virtual machine among the objects of a node, if there is one: it says more than the machine.
func virtual(items []survey.Item) survey.Item {
	for _, i := range items {
		if i.Source.Resource == tkg.VMResource {
			return i
		}
	}
	return items[0]
}

// nodeOf returns the node that an object describes, and the name of its cluster.
func nodeOf(i survey.Item) (n breakglass.Node, cluster string, err error) {
	o := i.Facts.(kubeapi.Object)
	cluster = cmp.Or(o.Metadata.Labels[tkg.LabelVMCluster], o.Metadata.Labels[tkg.LabelCluster])
	if cluster == "" {
		err = fmt.Errorf("%s/%s is not a node of a cluster: the Supervisor keeps no key for it", i.Metadata.Namespace, i.Metadata.Name)
		return n, "", failure.Hint(err, "Use the key that it was made with.")
	}
	ip := tkg.VMOf(o).Address()
	if i.Source.Resource == tkg.MachineResource {
		ip = tkg.MachineOf(o).Address()
	}
	n, err = breakglass.NodeAt(i.Metadata.Name, i.Metadata.UID, ip)
	return n, cluster, err
}
