package cli

import (
	"time"

	"github.com/spf13/cobra"
)

// loginFlags are the flags as typed. The first group is the closed plugin's and keeps its names and meaning.
type loginFlags struct {
	server           string
	user             string
	insecure         bool
	clusterName      string
	clusterNamespace string

	ca           string
	fingerprints []string
	aliases      []string
	wait         time.Duration
	namespaces   []string
	replaceCA    bool
	clusters     string
	staticTokens bool

	kubeconfig    string
	contextPrefix string
	keepContext   bool
	dryRun        bool
	output        planFormat

	authMethod       string
	identityProvider string
	flow             string
	noBrowser        bool
	browserCommand   string
	trustIssuer      string
	listen           string
	listenRemote     bool
	issuerURL        string
	clientID         string
	issuerCA         string
	scopes           []string
	params           map[string]string
	tokenFile        string
	tokenVariable    string
	secretFile       string
	secretVariable   string

	passwordStdin   bool
	passwordCommand string
	savePassword    bool
	force           bool
	prune           bool
}

const loginLong = `Logs in to a vSphere Supervisor with vCenter Single Sign-On and writes kubeconfig contexts for the Supervisor, every
vSphere Namespace and every TKG cluster that you may use, with a token for each.

The password is asked for, or read from KUBECTL_VSPHERE_PASSWORD; it is sent to the Supervisor and kept nowhere, unless
--save-password says so. Tokens
are cached in a directory that only you can read, not in the kubeconfig: the contexts call "kubectl-vsphere get-token".

The Supervisor's certificate must be trusted: by the system, by --certificate-authority, by --ca-fingerprint, by you when
you are asked at a terminal (trust on first use), or not at all with --insecure-skip-tls-verify. All but the last are
remembered for the next login to the same Supervisor.

Without flags the last login of the current context's session is repeated, with what was granted since.

Login does not create namespaces or clusters, and it never changes kubeconfig entries of other tools.`

const loginExample = `  # Log in to everything at the Supervisor
  kubectl vsphere login --server 10.0.0.1 -u dev@vsphere.local --certificate-authority vcenter-ca.pem

  # The same again: new namespaces and clusters are added
  kubectl vsphere login

  # Renewed without you, from a password manager
  kubectl vsphere login --server 10.0.0.1 -u dev@vsphere.local --password-command 'pass show vsphere'

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
			o.given = c.Flags().Changed
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
	flags.StringSliceVar(&f.fingerprints, "ca-fingerprint", nil,
		"SHA-256 of the CA (or certificate) that the Supervisor must show, as sha256:HEX; it is trusted from then on.\nMore of them where its other control plane hosts have other CAs.")
	flags.BoolVar(&f.replaceCA, "replace-ca", false, "Ask about a CA that is not the one that was trusted so far.")
	flags.StringArrayVar(&f.aliases, "control-plane-address", nil,
		"HOST=ADDRESS where a server is reached at another address than its own (NAT), or HOST:PORT=ADDRESS:PORT; remembered.")
	flags.StringVar(&f.clusters, "workload-clusters", "", "TKG clusters to log in to: all, none, or a list of NAMESPACE/NAME. (default all)")
	flags.BoolVar(&f.staticTokens, "static-tokens", false, "Write the tokens into the kubeconfig, for scripts that read them there (less secure).")
	flags.StringVar(&f.kubeconfig, "kubeconfig", "",
		"File to write the contexts to; - prints a whole kubeconfig with tokens on standard output, for one job.")
	flags.StringVar(&f.contextPrefix, "context-prefix", "", "What the names of contexts begin with, where several sites have the same names.")
	flags.BoolVar(&f.keepContext, "keep-context", false, "Leave the current context as it is.")
	flags.BoolVar(&f.dryRun, "dry-run", false, "Log in, print what would be written (see -o), and write nothing.\nYou log in for it all the same; some identity providers (Dex) end your session of before by that.")
	flags.VarP(&f.output, "output", "o", "What --dry-run prints: yaml, the new entries, or diff, of the files. (default diff)")
	_ = c.MarkFlagFilename("kubeconfig")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"yaml", "diff"}, cobra.ShellCompDirectiveNoFileComp))
	flags.StringVar(&f.authMethod, "auth-method", "", "How to log in: sso, vCenter Single Sign-On; oidc, the Supervisor's identity provider;\nauto, sso with -u or a password, else what the Supervisor has. (default auto)")
	flags.StringVar(&f.identityProvider, "identity-provider", "", "Name of the identity provider, where the Supervisor has several.")
	flags.StringVar(&f.trustIssuer, "trust-issuer", "", "URL of the issuer that the Supervisor may send you to, though it is on another server; remembered.")
	flags.StringVar(&f.flow, "oidc-flow", "", "How the identity provider is shown who you are: browser, device, password, or auto. (default auto)")
	flags.BoolVar(&f.noBrowser, "no-browser", false, "Open no browser; print the address to open, here or on another machine.")
	flags.StringVar(&f.browserCommand, "browser-command", "", "Program (with arguments, no shell) that opens the page in place of %s, or of its last argument.")
	flags.StringVar(&f.listen, "listen-address", "", "HOST:PORT where the browser comes back to. (default a free port of 127.0.0.1)")
	flags.BoolVar(&f.listenRemote, "listen-remote", false, "Allow a --listen-address that other machines reach, as in a container with a published port.")
	flags.StringVar(&f.issuerURL, "oidc-issuer-url", "", "URL of an issuer that the API server at --server trusts directly, where there is no Supervisor.")
	flags.StringVar(&f.clientID, "oidc-client-id", "", "ID of the public client at that issuer.")
	flags.StringVar(&f.issuerCA, "oidc-ca", "", "File with the CA certificates (PEM) of that issuer. (default the system's)")
	flags.StringSliceVar(&f.scopes, "oidc-scopes", nil, "Scopes to ask for beside openid and offline_access.")
	flags.StringToStringVar(&f.params, "oidc-extra-param", nil, "NAME=VALUE to add to the authorization request.")
	flags.StringVar(&f.tokenFile, "oidc-token-file", "", "File in which a runner provides the ID token for the API server at --server; read whenever one is needed.")
	flags.StringVar(&f.tokenVariable, "oidc-token-variable", "", "Environment variable in which a runner provides it.")
	_ = c.MarkFlagFilename("oidc-ca")
	flags.StringVar(&f.secretFile, "oidc-client-secret-file", "", "File with the secret of --oidc-client-id, which then logs in as itself (client credentials).")
	flags.StringVar(&f.secretVariable, "oidc-client-secret-variable", "", "Environment variable with that secret.")
	_ = c.MarkFlagFilename("oidc-token-file")
	_ = c.MarkFlagFilename("oidc-client-secret-file")
	flags.StringSliceVar(&f.namespaces, "namespaces", nil, "vSphere Namespaces to write contexts for, where an identity provider's accounts may not list them; remembered.")
	_ = c.RegisterFlagCompletionFunc("auth-method", cobra.FixedCompletions([]string{methodAuto, methodSSO, methodOIDC}, cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("oidc-flow", cobra.FixedCompletions(flows, cobra.ShellCompDirectiveNoFileComp))
	flags.BoolVar(&f.passwordStdin, "password-stdin", false, "Read the password from standard input.")
	flags.StringVar(&f.passwordCommand, "password-command", "",
		"Program (with arguments, no shell) that prints the password; remembered, so that tokens are renewed without you.")
	flags.BoolVar(&f.savePassword, "save-password", false, "Save the password in the keychain of the operating system, so that tokens are renewed without you.")
	flags.BoolVar(&f.force, "force", false, "Send a password, or the secret of a client, again that was refused in the last 5 minutes.")
	flags.BoolVar(&f.prune, "prune", false, "Remove the contexts of namespaces and clusters that are not there any more.")
	flags.DurationVar(&f.wait, "wait", 0, "How long to wait for clusters that are being created, as 15m: until they have an address and accept the token.")
	_ = c.MarkFlagFilename("certificate-authority")
	_ = c.RegisterFlagCompletionFunc("server", a.completeServers)
	_ = c.RegisterFlagCompletionFunc("vsphere-username", a.completeUsers)
	_ = c.RegisterFlagCompletionFunc("workload-clusters", a.completeClusters)
	_ = c.RegisterFlagCompletionFunc("tanzu-kubernetes-cluster-name", a.completeClusterNames)
	_ = c.RegisterFlagCompletionFunc("tanzu-kubernetes-cluster-namespace", a.completeClusterNamespaces)
	return c
}
