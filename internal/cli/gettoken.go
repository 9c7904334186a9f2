package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

//nolint:gosec // A help text.
const getTokenLong = `Prints a credential of an API server for kubectl, as a client-go exec plugin does
(client.authentication.k8s.io/v1 and v1beta1). kubectl runs it on every call.

A valid token comes from the store, without network. When the session has ended, the command asks
for the password or opens the browser, but only on a terminal and once for each kubectl command.
Elsewhere it prints the command that logs in. It never writes the kubeconfig.

With KUBECTL_VSPHERE_INTERACTIVE=never it never asks.`

// getTokenOptions are the flags of get-token.
type getTokenOptions struct {
	Key   tokens.Key
	Force bool
}

func getTokenCommand(e *console.Env) *cobra.Command {
	var o getTokenOptions
	c := &cobra.Command{
		Use: credfile.Command, Short: "Prints a token for kubectl (kubeconfig contexts call this).", Long: getTokenLong, Hidden: true,
		Example: "  kubectl-vsphere get-token --server 10.0.0.1 --user dev@vsphere.local --cluster ns1/tkc1", Args: command.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return getToken(c.Context(), e, o) },
	}
	c.Flags().StringVar(&o.Key.Server, "server", "", "`ADDRESS` of the control plane host.")
	c.Flags().StringVar(&o.Key.User, "user", "", "User `NAME` of the session.")
	c.Flags().StringVar(&o.Key.Cluster, "cluster", "", "`NAMESPACE/NAME` of a TKG cluster. (default the Supervisor itself)")
	c.Flags().BoolVar(&o.Force, "force-refresh", false, "Get a new token even if the stored one is valid.")
	return c
}

// getToken prints the credential. It renews an expired one first.
func getToken(ctx context.Context, e *console.Env, o getTokenOptions) error {
	info, err := credfile.ParseExecInfo(e.Getenv(credfile.ExecInfoVariable))
	if err != nil {
		return err
	}
	if o.Key, err = canonical(o.Key); err != nil {
		return err
	}
	console.SurviveParent()
	store, err := e.OpenStore()
	if err != nil {
		return err
	}
	c, err := method.Sessions(e, store).Token(ctx, o.Key, o.Force)
	if err != nil {
		return err
	}
	status, err := c.Status()
	if err != nil {
		return err
	}
	return credfile.Write(e.Out, info.APIVersion, safetext.JSON(status))
}

// canonical checks a key from the command line and returns it in the store's spelling.
func canonical(key tokens.Key) (tokens.Key, error) {
	if key.Server == "" || key.User == "" {
		return key, failure.Usagef("--server and --user are needed")
	}
	address, err := supervisor.ParseTyped(key.Server)
	if err != nil {
		return key, failure.Usagef("--server: %w", err)
	}
	key.Server = address.String()
	namespace, name, _ := strings.Cut(key.Cluster, "/")
	if ok := supervisor.IsName(namespace) && supervisor.IsName(name); key.Cluster != "" && !ok {
		return key, failure.Usagef("--cluster: %q is not NAMESPACE/NAME", key.Cluster)
	}
	return key, nil
}
