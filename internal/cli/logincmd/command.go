// Package logincmd is kubectl vsphere login: flags become Options, Run does what they say.
package logincmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

const long = `Logs in to a vSphere Supervisor and writes kubeconfig contexts for the Supervisor, every vSphere Namespace and every TKG
cluster that you may use.

With -u or a password it logs in with vCenter Single Sign-On: the password comes from KUBECTL_VSPHERE_PASSWORD, a command, a
keychain or you, goes to the Supervisor, and is kept nowhere unless --save-password says so. Without them it uses the
Supervisor's identity provider, if it has one: in the browser, with a code on another machine, or by name and password.

The contexts hold no secret. They call "kubectl-vsphere get-token", which reads tokens from a directory that only you can
read, and renews them.

The Supervisor's certificate must be trusted: by the system, by --certificate-authority, by --ca-fingerprint, or by you at the
terminal (trust on first use). The choice is remembered for the next login to the same Supervisor. With
--insecure-skip-tls-verify nothing is verified; that is not remembered.

Without flags it repeats the last login of the current context's session, and adds what was granted since.

Login does not create namespaces or clusters, and it never changes kubeconfig entries of other tools.`

const example = `  # Everything at the Supervisor, with vCenter Single Sign-On
  kubectl vsphere login --server 10.0.0.1 -u dev@vsphere.local --certificate-authority vcenter-ca.pem

  # By the Supervisor's identity provider, in the browser
  kubectl vsphere login --server 10.0.0.1

  # The same again: new namespaces and clusters are added
  kubectl vsphere login

  # Renewed without you, from a password manager
  kubectl vsphere login --server 10.0.0.1 -u dev@vsphere.local --password-command 'pass show vsphere'

  # Without a terminal, for one cluster
  KUBECTL_VSPHERE_PASSWORD=... kubectl vsphere login --server 10.0.0.1 -u ci@vsphere.local \
    --tanzu-kubernetes-cluster-namespace ns1 --tanzu-kubernetes-cluster-name tkc1`

// Deps are what the command needs of the rest of the program.
type Deps struct {
	Env *console.Env
	// Refresh has the registries of a Supervisor take a new login. What does not work is told, and does not fail the login.
	Refresh func(ctx context.Context, s tokens.Session)
}

// New is the command. run is Run, or what a test puts in its place.
func New(d Deps, run func(context.Context, Deps, Options) error) *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use: "login", Short: "Logs in to a Supervisor and writes kubeconfig contexts.", Long: long, Example: example, Args: command.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := f.options(c.Flags().Changed)
			if err != nil {
				return err
			}
			return run(c.Context(), d, o)
		},
	}
	f.add(c, d.Env)
	return c
}
