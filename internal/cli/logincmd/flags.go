package logincmd

import (
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
)

// flags are the flags as typed, in the groups of the help text. The closed plugin's keep their names and meaning.
type flags struct {
	who      whoFlags
	trust    trustFlags
	clusters clusterFlags
	output   outputFlags
	password passwordFlags
	provider providerFlags
	issuer   issuerFlags
}

// whoFlags say where, as whom and how.
type whoFlags struct {
	server, user, method string
}

type trustFlags struct {
	ca           string
	fingerprints []string
	replaceCA    bool
	insecure     bool
	aliases      []string
}

// clusterFlags say what to log in to.
type clusterFlags struct {
	name, namespace string
	selection       string
	namespaces      []string
	wait            time.Duration
}

// outputFlags say where contexts go and what they look like.
type outputFlags struct {
	kubeconfig   string
	prefix       string
	keepContext  bool
	staticTokens bool
	prune        bool
	dryRun       bool
	format       planFormat
}

type passwordFlags struct {
	stdin   bool
	command string
	save    bool
	force   bool
}

// providerFlags are about the Supervisor's identity provider, and the person in front of it.
type providerFlags struct {
	name           string
	trustIssuer    string
	flow           string
	noBrowser      bool
	browserCommand string
	listen         string
	listenRemote   bool
}

// issuerFlags name an issuer that the API server at --server trusts directly, without a Supervisor.
type issuerFlags struct {
	url, client, ca            string
	scopes                     []string
	params                     map[string]string
	tokenFile, tokenVariable   string
	secretFile, secretVariable string
}

func (f *flags) add(c *cobra.Command, e *console.Env) {
	f.who.add(c, e)
	f.trust.add(c)
	f.password.add(c)
	f.clusters.add(c, e)
	f.output.add(c)
	f.provider.add(c)
	f.issuer.add(c)
}

func (f *whoFlags) add(c *cobra.Command, e *console.Env) {
	command.Group(c, "Server and user", func(s *pflag.FlagSet) {
		s.StringVar(&f.server, "server", "", "Address of the Supervisor.")
		s.StringVarP(&f.user, "vsphere-username", "u", "", "User name for vCenter Single Sign-On, as dev@vsphere.local.")
		s.StringVar(&f.method, "auth-method", "", "How to log in: sso, vCenter Single Sign-On; oidc, the Supervisor's identity provider;\nauto, sso with -u or a password, else what the Supervisor has. (default auto)")
	})
	_ = c.RegisterFlagCompletionFunc("server", command.Servers(e))
	_ = c.RegisterFlagCompletionFunc("vsphere-username", command.Users(e))
	_ = c.RegisterFlagCompletionFunc("auth-method", cobra.FixedCompletions(methods(), cobra.ShellCompDirectiveNoFileComp))
}

func (f *trustFlags) add(c *cobra.Command) {
	command.Group(c, "Trust", func(s *pflag.FlagSet) {
		s.StringVar(&f.ca, "certificate-authority", "", "File with the CA certificates (PEM) that verify the Supervisor's certificate.")
		s.StringSliceVar(&f.fingerprints, "ca-fingerprint", nil,
			"SHA-256 of the CA (or certificate) that the Supervisor must show, as sha256:HEX; it is trusted from then on.\nRepeat it where other control plane hosts have other CAs.")
		s.BoolVar(&f.replaceCA, "replace-ca", false, "Ask about a CA that is not the one that was trusted so far.")
		s.BoolVar(&f.insecure, "insecure-skip-tls-verify", false, "Do not verify certificates. Whoever answers gets your password.")
		s.StringArrayVar(&f.aliases, "control-plane-address", nil,
			"HOST=ADDRESS where a server is reached at another address than its own (NAT), or HOST:PORT=ADDRESS:PORT; remembered.")
	})
	_ = c.MarkFlagFilename("certificate-authority")
}

func (f *passwordFlags) add(c *cobra.Command) {
	command.Group(c, "Password", func(s *pflag.FlagSet) {
		s.BoolVar(&f.stdin, "password-stdin", false, "Read the password from standard input.")
		s.StringVar(&f.command, "password-command", "", "Program (with arguments, no shell) that prints the password; remembered for renewals.")
		s.BoolVar(&f.save, "save-password", false, "Save the password in the keychain of the operating system, for renewals.")
		s.BoolVar(&f.force, "force", false, "Send a password, or the secret of a client, again that was refused in the last 5 minutes.")
	})
}

func (f *clusterFlags) add(c *cobra.Command, e *console.Env) {
	command.Group(c, "Namespaces and clusters", func(s *pflag.FlagSet) {
		s.StringVar(&f.selection, "workload-clusters", "", "TKG clusters to log in to: all, none, or a list of NAMESPACE/NAME. (default all)")
		s.StringVar(&f.name, "tanzu-kubernetes-cluster-name", "", "Name of the one TKG cluster to log in to.")
		s.StringVar(&f.namespace, "tanzu-kubernetes-cluster-namespace", "", "vSphere Namespace of that cluster.")
		s.StringSliceVar(&f.namespaces, "namespaces", nil, "vSphere Namespaces to write contexts for, where you may not list them; remembered.")
		s.DurationVar(&f.wait, "wait", 0, "How long to wait for clusters that are being created, as 15m: until they have an address and accept the token.")
	})
	_ = c.RegisterFlagCompletionFunc("workload-clusters", command.Clusters(e))
	_ = c.RegisterFlagCompletionFunc("tanzu-kubernetes-cluster-name", command.ClusterNames(e))
	_ = c.RegisterFlagCompletionFunc("tanzu-kubernetes-cluster-namespace", command.ClusterNamespaces(e))
}

func (f *outputFlags) add(c *cobra.Command) {
	command.Group(c, "Kubeconfig and output", func(s *pflag.FlagSet) {
		s.StringVar(&f.kubeconfig, "kubeconfig", "", "File to write the contexts to; - prints a whole kubeconfig with tokens on standard output, for one job.")
		s.StringVar(&f.prefix, "context-prefix", "", "What the names of contexts begin with, where several sites have the same names.")
		s.BoolVar(&f.keepContext, "keep-context", false, "Leave the current context as it is.")
		s.BoolVar(&f.staticTokens, "static-tokens", false, "Write the tokens into the kubeconfig, for scripts that read them there (less secure).")
		s.BoolVar(&f.prune, "prune", false, "Remove the contexts of namespaces and clusters that do not exist any more.")
		s.BoolVar(&f.dryRun, "dry-run", false, "Log in, print what would be written (see -o), and write nothing.\nIt is a real login: some identity providers (Dex) end your earlier session by it.")
		s.VarP(&f.format, "output", "o", "What --dry-run prints: yaml, the new entries, or diff, of the files. (default diff)")
	})
	_ = c.MarkFlagFilename("kubeconfig")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"yaml", "diff"}, cobra.ShellCompDirectiveNoFileComp))
}

func (f *providerFlags) add(c *cobra.Command) {
	command.Group(c, "Identity provider of the Supervisor", func(s *pflag.FlagSet) {
		s.StringVar(&f.name, "identity-provider", "", "Name of the identity provider, where the Supervisor has several.")
		s.StringVar(&f.trustIssuer, "trust-issuer", "", "URL of an issuer on another server that the Supervisor may send you to; remembered.")
		s.StringVar(&f.flow, "oidc-flow", "", "How the identity provider learns who you are: browser, device, password, or auto. (default auto)")
		s.BoolVar(&f.noBrowser, "no-browser", false, "Open no browser; print the address to open, here or on another machine.")
		s.StringVar(&f.browserCommand, "browser-command", "", "Program (with arguments, no shell) that opens the page in place of %s, or of its last argument.")
		s.StringVar(&f.listen, "listen-address", "", "HOST:PORT where the browser comes back to. (default a free port of 127.0.0.1)")
		s.BoolVar(&f.listenRemote, "listen-remote", false, "Allow a --listen-address that other machines reach, as in a container with a published port.")
	})
	_ = c.RegisterFlagCompletionFunc("oidc-flow", cobra.FixedCompletions(flows(), cobra.ShellCompDirectiveNoFileComp))
}

func (f *issuerFlags) add(c *cobra.Command) {
	command.Group(c, "Issuer without a Supervisor", func(s *pflag.FlagSet) {
		s.StringVar(&f.url, "oidc-issuer-url", "", "URL of an issuer that the API server at --server trusts directly.")
		s.StringVar(&f.client, "oidc-client-id", "", "ID of the public client at that issuer.")
		s.StringVar(&f.ca, "oidc-ca", "", "File with the CA certificates (PEM) of that issuer. (default the system's)")
		s.StringSliceVar(&f.scopes, "oidc-scopes", nil, "Scopes to ask for beside openid and offline_access.")
		s.StringToStringVar(&f.params, "oidc-extra-param", nil, "NAME=VALUE to add to the authorization request.")
		s.StringVar(&f.tokenFile, "oidc-token-file", "", "File in which a runner provides the ID token for the API server at --server; read whenever one is needed.")
		s.StringVar(&f.tokenVariable, "oidc-token-variable", "", "Environment variable in which a runner provides it.")
		s.StringVar(&f.secretFile, "oidc-client-secret-file", "", "File with the secret of --oidc-client-id, which then logs in as itself (client credentials).")
		s.StringVar(&f.secretVariable, "oidc-client-secret-variable", "", "Environment variable with that secret.")
	})
	for _, file := range []string{"oidc-ca", "oidc-token-file", "oidc-client-secret-file"} {
		_ = c.MarkFlagFilename(file)
	}
}
