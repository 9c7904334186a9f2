package cli

import (
	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/sso"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
)

// loginFlags are the flags as typed. The first group is the closed plugin's and keeps its names and meaning.
type loginFlags struct {
	server           string
	user             string
	insecure         bool
	clusterName      string
	clusterNamespace string

	ca           string
	clusters     string
	staticTokens bool

	passwordStdin   bool
	passwordCommand string
	savePassword    bool
	force           bool
}

const loginLong = `Logs in to a vSphere Supervisor with vCenter Single Sign-On and writes kubeconfig contexts for the Supervisor, every
vSphere Namespace and every TKG cluster that you may use, with a token for each.

The password is asked for, or read from KUBECTL_VSPHERE_PASSWORD; it is sent to the Supervisor and kept nowhere. Tokens
are cached in a directory that only you can read, not in the kubeconfig: the contexts call "kubectl-vsphere get-token".

The Supervisor's certificate must be trusted: by the system, by --certificate-authority, or not at all with
--insecure-skip-tls-verify. A CA file is remembered for the next login to the same Supervisor.

Login does not create namespaces or clusters, and it never changes kubeconfig entries of other tools.`

const loginExample = `  # Log in to everything at the Supervisor
  kubectl vsphere login --server 10.0.0.1 -u dev@vsphere.local --certificate-authority vcenter-ca.pem

  # Without a terminal, for one cluster
  KUBECTL_VSPHERE_PASSWORD=... kubectl vsphere login --server 10.0.0.1 -u ci@vsphere.local \
    --tanzu-kubernetes-cluster-namespace ns1 --tanzu-kubernetes-cluster-name tkc1`

func (a *App) loginCommand() *cobra.Command {
	var f loginFlags
	c := &cobra.Command{
		Use:     "login",
		Short:   "Authenticate user with vCenter Namespaces",
		Long:    loginLong,
		Example: loginExample,
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := f.options()
			if err != nil {
				return err
			}
			o.commandGiven = c.Flags().Changed("password-command")
			o.forgetKeychain = c.Flags().Changed("save-password") && !f.savePassword
			return a.login(c.Context(), o)
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.server, "server", "", "Address of the server to authenticate against.")
	flags.StringVarP(&f.user, "vsphere-username", "u", "", "Username to authenticate.")
	flags.BoolVar(&f.insecure, "insecure-skip-tls-verify", false, "Skip certificate verification (this is insecure).")
	flags.StringVar(&f.clusterName, "tanzu-kubernetes-cluster-name", "", "Name of the Tanzu Kubernetes cluster to login to, and to no other.")
	flags.StringVar(&f.clusterNamespace, "tanzu-kubernetes-cluster-namespace", "", "Namespace in which the Tanzu Kubernetes cluster resides.")
	flags.StringVar(&f.ca, "certificate-authority", "", "File with the CA certificates (PEM) that the Supervisor's certificate is verified with.")
	flags.StringVar(&f.clusters, "workload-clusters", "", "TKG clusters to log in to: all, none, or a list of NAMESPACE/NAME. (default all)")
	flags.BoolVar(&f.staticTokens, "static-tokens", false, "Write the tokens into the kubeconfig, for scripts that read them there (less secure).")
	flags.BoolVar(&f.passwordStdin, "password-stdin", false, "Read the password from standard input.")
	flags.StringVar(&f.passwordCommand, "password-command", "",
		"Program (with arguments, no shell) that prints the password; remembered, so that tokens are renewed without you.")
	flags.BoolVar(&f.savePassword, "save-password", false, "Save the password in the keychain of the operating system, so that tokens are renewed without you.")
	flags.BoolVar(&f.force, "force", false, "Send a password again that was refused in the last 5 minutes.")
	_ = c.MarkFlagFilename("certificate-authority")
	_ = c.RegisterFlagCompletionFunc("server", a.completeServers)
	_ = c.RegisterFlagCompletionFunc("vsphere-username", a.completeUsers)
	_ = c.RegisterFlagCompletionFunc("workload-clusters", a.completeClusters)
	_ = c.RegisterFlagCompletionFunc("tanzu-kubernetes-cluster-name", a.completeClusterNames)
	_ = c.RegisterFlagCompletionFunc("tanzu-kubernetes-cluster-namespace", a.completeClusterNamespaces)
	return c
}

// loginOptions is what the flags mean.
type loginOptions struct {
	server       supervisor.Address
	user         string // empty: to be asked
	insecure     bool
	caFile       string
	clusters     login.Selection
	current      string // the cluster whose context becomes the current one, NAME or NAMESPACE/NAME
	staticTokens bool

	passwordStdin   bool
	passwordCommand []string
	commandGiven    bool // the flag was there, perhaps empty
	savePassword    bool
	forgetKeychain  bool // --save-password=false
	force           bool
}

// options checks the command line as far as that is possible without asking anybody.
func (f loginFlags) options() (loginOptions, error) {
	o := loginOptions{
		user: f.user, insecure: f.insecure, caFile: f.ca, staticTokens: f.staticTokens,
		passwordStdin: f.passwordStdin, savePassword: f.savePassword, force: f.force,
	}
	if f.passwordStdin && f.passwordCommand != "" {
		return o, usagef("--password-stdin and --password-command do not go together")
	}
	if f.passwordStdin && f.user == "" {
		return o, usagef("--password-stdin needs --vsphere-username: there is nothing left to ask on")
	}
	if f.passwordCommand != "" {
		var err error
		if o.passwordCommand, err = secret.ParseCommand(f.passwordCommand); err != nil {
			return o, usagef("--password-command: %w", err)
		}
	}
	if f.server == "" {
		return o, usagef("--server is missing: which Supervisor?")
	}
	if f.insecure && f.ca != "" {
		return o, usagef("--certificate-authority and --insecure-skip-tls-verify do not go together")
	}
	var err error
	if o.server, err = supervisor.ParseAddress(f.server); err != nil {
		return o, usagef("--server: %w", err)
	}
	if f.user != "" {
		if err := sso.CheckUser(f.user); err != nil {
			return o, usagef("--vsphere-username: %w", err)
		}
	}
	o.clusters, o.current, err = f.selection()
	return o, err
}

// selection joins the closed plugin's two flags, which name one cluster, with --workload-clusters.
func (f loginFlags) selection() (login.Selection, string, error) {
	sel, err := login.ParseSelection(f.clusters)
	if err != nil {
		return sel, "", usagef("--workload-clusters: %w", err)
	}
	if f.clusterName == "" {
		if f.clusterNamespace != "" {
			return sel, "", usagef("--tanzu-kubernetes-cluster-namespace goes with --tanzu-kubernetes-cluster-name")
		}
		return sel, "", nil
	}
	ref := login.Ref{Namespace: f.clusterNamespace, Name: f.clusterName}
	if f.clusters == "all" {
		return sel, ref.String(), nil
	}
	return sel.With(ref), ref.String(), nil
}
