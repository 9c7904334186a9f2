// Package logincmd is kubectl vsphere login. New turns flags into Options, and Run does what the Options say.
package logincmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

const long = `Logs in to a vSphere Supervisor and writes kubeconfig contexts for the Supervisor, every vSphere
Namespace and every TKG cluster that you may use.

There are two login methods:

  - vCenter Single Sign-On, with -u or a password. The password comes from KUBECTL_VSPHERE_PASSWORD,
    a command, the keychain or a prompt. It is sent to the Supervisor and stored nowhere, unless
    you give --save-password.
  - The Supervisor's identity provider, without -u and a password. You log in in the browser, with
    a code on another machine, or with a user name and password.

The contexts hold no secret. They call "kubectl-vsphere get-token", which reads tokens from a
directory that only you can read, and renews them.

The Supervisor's certificate must be trusted: by the system, by --certificate-authority, by
--ca-fingerprint, or by you at the terminal (trust on first use). The flags count for all servers of
the site, your answer for the servers that the question names. The choice is remembered for the next
login to the same Supervisor. With --insecure-skip-tls-verify nothing is verified, and that is not
remembered.

Without flags, login repeats the last login of the current context's session. New namespaces and
clusters are added.

With --name you give the Supervisor a name. Later that name is enough: SITE is a name, or the
address of a Supervisor that you have logged in to before. Login then takes the user, the method,
the identity provider and the context prefix of the last login there, also after a logout. Flags
come first. A name works in place of the address with --server of all commands.

Login does not create namespaces or clusters. It never changes kubeconfig entries of other tools.`

const example = `  # Log in to everything at the Supervisor, with vCenter Single Sign-On
  kubectl vsphere login --server 10.0.0.1 -u dev@vsphere.local --certificate-authority vcenter-ca.pem

  # Log in with the Supervisor's identity provider, in the browser
  kubectl vsphere login --server 10.0.0.1

  # Give the Supervisor a name, and use that from then on
  kubectl vsphere login --server 10.0.0.1 --name prod -u dev@vsphere.local
  kubectl vsphere login prod

  # Repeat the last login and add new namespaces and clusters
  kubectl vsphere login

  # Get the password from a password manager, also for renewals
  kubectl vsphere login --server 10.0.0.1 -u dev@vsphere.local --password-command 'pass show vsphere'

  # Log in to one cluster, without a terminal
  KUBECTL_VSPHERE_PASSWORD=... kubectl vsphere login --server 10.0.0.1 -u ci@vsphere.local \
    --tanzu-kubernetes-cluster-namespace ns1 --tanzu-kubernetes-cluster-name tkc1`

// Deps are what the command needs from the rest of the program.
type Deps struct {
	Env *console.Env
	// Refresh updates the registries of a Supervisor after a login. It reports its own errors: they do not fail the login.
	Refresh func(ctx context.Context, s tokens.Session)
}

// New returns the command. run is Run; tests pass a fake.
func New(d Deps, run func(context.Context, Deps, Options) error) *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use: "login [SITE]", Short: "Logs in to a Supervisor and writes kubeconfig contexts.", Long: long, Example: example,
		Args: oneSite, ValidArgsFunction: command.Sites(d.Env),
		RunE: func(c *cobra.Command, args []string) error {
			o, err := f.options(c.Flags().Changed)
			if err != nil {
				return err
			}
			if len(args) > 0 {
				o.Word = args[0]
			}
			return run(c.Context(), d, o)
		},
	}
	f.add(c, d.Env)
	return c
}
