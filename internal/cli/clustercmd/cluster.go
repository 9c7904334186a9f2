// Package clustercmd is kubectl vsphere cluster: what a person does with one TKG cluster beside using it.
package clustercmd

import (
	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
)

// New returns the cluster command.
func New(e *console.Env) *cobra.Command {
	c := &cobra.Command{
		Use: "cluster", Short: "Makes, changes and rescues TKG clusters.",
		Long: `Makes and changes TKG clusters, and gets into those whose login does not work: by their admin
kubeconfig, or by SSH to a node. For everyday use, log in: then kubectl has a context for each
cluster.`,
		Example: "  kubectl vsphere cluster manifest shop -n ns1 --output shop.yaml\n  kubectl vsphere cluster upgrade shop\n  kubectl vsphere cluster credentials shop --kind admin",
		Args:    command.Unknown, RunE: command.Help,
	}
	c.AddCommand(credentialsCommand(e), sshCommand(e))
	return c
}
