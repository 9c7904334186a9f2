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
		Use: "cluster", Short: "Gets into TKG clusters whose login does not work.",
		Long: `Gets into TKG clusters whose login does not work: by their admin kubeconfig, or by SSH to a node.
For everyday use, log in: then kubectl has a context for each cluster.`,
		Example: "  kubectl vsphere cluster credentials tkc1 --kind admin\n  kubectl vsphere cluster ssh tkc1-control-plane-x7k2p",
		Args:    command.Unknown, RunE: command.Help,
	}
	c.AddCommand(credentialsCommand(e), sshCommand(e))
	return c
}
