package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

const getTokenLong = `Prints the credential of an API server for kubectl, which runs this command on every call (the exec credential contract
of client-go, client.authentication.k8s.io/v1 and v1beta1).

A token that is still good comes from the store, without network. When the session has ended it asks for the password, or opens the
browser for an identity provider, once for each kubectl command and only on a terminal; otherwise it says what to type. It never
writes the kubeconfig.

KUBECTL_VSPHERE_INTERACTIVE=never forbids to ask.`

func (a *App) getTokenCommand() *cobra.Command {
	var key tokens.Key
	var force bool
	c := &cobra.Command{
		Use:     credfile.Command,
		Short:   "Prints a token for kubectl (kubeconfig contexts call this).",
		Long:    getTokenLong,
		Example: "  kubectl-vsphere get-token --server 10.0.0.1 --user dev@vsphere.local --cluster ns1/tkc1",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.getToken(c.Context(), key, force)
		},
	}
	c.Flags().StringVar(&key.Server, "server", "", "Address of the control plane host.")
	c.Flags().StringVar(&key.User, "user", "", "User name of the session.")
	c.Flags().StringVar(&key.Cluster, "cluster", "", "NAMESPACE/NAME of a TKG cluster; the Supervisor itself without it.")
	c.Flags().BoolVar(&force, "force-refresh", false, "Get a new token even when the stored one is still good.")
	return c
}

func (a *App) getToken(ctx context.Context, key tokens.Key, force bool) error {
	info, err := credfile.ParseExecInfo(a.Getenv(credfile.ExecInfoVariable))
	if err != nil {
		return err
	}
	if key, err = canonical(key); err != nil {
		return err
	}
	c, err := a.token(ctx, key, force)
	if err != nil {
		return err
	}
	status, err := c.Status()
	if err != nil {
		return err
	}
	return credfile.Write(a.Out, info.APIVersion, status)
}

// canonical checks what was typed and spells it as the store does.
func canonical(key tokens.Key) (tokens.Key, error) {
	if key.Server == "" || key.User == "" {
		return key, usagef("--server and --user are needed")
	}
	address, err := supervisor.ParseAddress(key.Server)
	if err != nil {
		return key, usagef("--server: %w", err)
	}
	key.Server = address.String()
	namespace, name, _ := strings.Cut(key.Cluster, "/")
	if ok := supervisor.IsName(namespace) && supervisor.IsName(name); key.Cluster != "" && !ok {
		return key, usagef("--cluster: %q is not NAMESPACE/NAME", key.Cluster)
	}
	return key, nil
}

// token gives the credential of key, renewed when it must be.
func (a *App) token(ctx context.Context, key tokens.Key, force bool) (tokens.Credential, error) {
	outlive()
	store, err := a.openStore()
	if err != nil {
		return tokens.Credential{}, err
	}
	r := &renewal{App: a, store: store, force: force}
	p := r.provider()
	c, err := p.Get(ctx, key, force)
	var required *tokens.LoginRequiredError
	if errors.As(err, &required) {
		switch failed := r.again(ctx, key); {
		case failed == nil:
			return p.Get(ctx, key, false)
		case !errors.Is(failed, errNobody):
			err = fmt.Errorf("the session of %s at %s has ended, and logging in did not succeed: %w", required.User, required.Server, failed)
		}
		return c, fmt.Errorf("%w; type: %s", err, loginCommandOf(sessionOf(store, tokens.Key{Server: required.Server, User: required.User})))
	}
	var told *hinted
	var untrusted *trust.UntrustedError
	if errors.As(err, &untrusted) && !errors.As(err, &told) { // The flags that help are those of a login.
		err = hint(err, "%s\nLog in again with that: %s", untrustedHint(untrusted), loginCommandOf(sessionOf(store, key)))
	}
	return c, err
}

// sessionOf is the session that a credential is of, or what is known of one that is gone.
func sessionOf(store *tokens.Store, key tokens.Key) tokens.Session {
	s, found, err := store.FindSession(key)
	if err != nil || !found {
		return tokens.Session{Server: key.Server, User: key.User}
	}
	return s
}

func (a *App) sayWaiting(user, server string) {
	fmt.Fprintf(a.ErrOut, "Waiting for another process that renews the session of %s at %s …\n", user, server)
}
