package logincmd

import (
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/duration"
)

// flags are the flags as typed, in the groups of the help text. VMware's flags keep their names and meaning.
type flags struct {
	who      whoFlags
	trust    trustFlags
	clusters clusterFlags
	output   outputFlags
	password passwordFlags
	provider providerFlags
	issuer   issuerFlags
}

// whoFlags are the Supervisor, the user and the login method.
type whoFlags struct {
	server, name, user, method, vCenter string
}

type trustFlags struct {
	ca           string
	vCenter      string
	fingerprints []string
	replaceCA    bool
	insecure     bool
	aliases      []string
	apiPort      string
}

// clusterFlags select the namespaces and clusters to log in to.
type clusterFlags struct {
	name, namespace string
	selection       string
	namespaces      []string
	wait            time.Duration
}

// outputFlags choose the kubeconfig and what the contexts look like.
type outputFlags struct {
	kubeconfig   string
	prefix       string
	execCommand  string
	execVersion  string
	keepContext  bool
	staticTokens bool
	prune        bool
	dryRun       bool
	format       command.Format
}

type passwordFlags struct {
	stdin   bool
	command string
	save    bool
	force   bool
	wait    time.Duration
}

// providerFlags are for a login with the Supervisor's identity provider.
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
	hosts                      []string
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
		s.StringVar(&f.server, "server", "", "`ADDRESS` of the Supervisor, or the name of its site.\n(default that of the current context)")
		s.StringVar(&f.name, "name", "", "`NAME` for the Supervisor, such as prod. Remembered, also after a logout.")
		s.StringVar(&f.vCenter, "vcenter", "", "Find the Supervisor by the vCenter at this `ADDRESS`, with the same password.")
		s.StringVarP(&f.user, "vsphere-username", "u", "", "`USER` of vCenter Single Sign-On, such as dev@vsphere.local.")
		s.StringVar(&f.method, "auth-method", "",
			"Login `METHOD`: sso, oidc or auto. (default auto)\n"+
				"  sso:  vCenter Single Sign-On\n"+
				"  oidc: the Supervisor's identity provider\n"+
				"  auto: sso with -u or a password, else the identity provider")
	})
	_ = c.RegisterFlagCompletionFunc("server", command.Servers(e))
	_ = c.RegisterFlagCompletionFunc("name", cobra.NoFileCompletions)
	_ = c.RegisterFlagCompletionFunc("vcenter", command.VCenters(e))
	_ = c.RegisterFlagCompletionFunc("vsphere-username", command.Users(e))
	_ = c.RegisterFlagCompletionFunc("auth-method", cobra.FixedCompletions(methods(), cobra.ShellCompDirectiveNoFileComp))
}

func (f *trustFlags) add(c *cobra.Command) {
	command.Group(c, "Trust", func(s *pflag.FlagSet) {
		s.StringVar(&f.ca, "certificate-authority", "", "`FILE` with the CA of the Supervisor's certificate: PEM, or the\ndownload.zip of its vCenter.")
		s.StringVar(&f.vCenter, "ca-from-vcenter", "",
			"If the Supervisor is not trusted yet, fetch the CA from the\nvCenter `HOST`, and ask whether to trust it. Jobs add\n--ca-fingerprint.")
		s.StringSliceVar(&f.fingerprints, "ca-fingerprint", nil,
			"`SHA256` of the Supervisor's CA (or certificate), as sha256:HEX.\n"+
				"Servers of the site that show it are then trusted. Repeat\nthe flag for hosts with other CAs.")
		s.BoolVar(&f.replaceCA, "replace-ca", false, "Ask whether to trust a CA that differs from the remembered one.")
		s.BoolVar(&f.insecure, "insecure-skip-tls-verify", false, "Do not verify certificates. Whoever answers gets your password.")
		s.StringArrayVar(&f.aliases, "control-plane-address", nil,
			"`HOST=ADDRESS`: connect to ADDRESS in place of HOST (NAT).\n"+
				"HOST:PORT=ADDRESS:PORT works too. Remembered.")
		s.StringVar(&f.apiPort, "api-port", "",
			"`PORT` of the API server, for contexts of the Supervisor and of vSphere\nNamespaces. Remembered, until you say auto.\n"+
				"(default 6443, or that of --server if 6443 does not answer)")
	})
	command.Files(c, "certificate-authority")
	_ = c.RegisterFlagCompletionFunc("api-port", cobra.FixedCompletions([]string{Auto, "443", "6443"}, cobra.ShellCompDirectiveNoFileComp))
}

func (f *passwordFlags) add(c *cobra.Command) {
	command.Group(c, "Password", func(s *pflag.FlagSet) {
		s.BoolVar(&f.stdin, "password-stdin", false, "Read the password from standard input.")
		s.StringVar(&f.command, "password-command", "",
			"`COMMAND` (with arguments, no shell) that prints the password.\nRemembered, and used for renewals.")
		s.BoolVar(&f.save, "save-password", false, "Save the password in the system's keychain, for renewals.")
		s.BoolVar(&f.force, "force", false, "Send a password or client secret even if it was just refused.")
		s.Var((*duration.Flag)(&f.wait), "wait-for-account",
			"`TIME` to send a refused password again, such as 10m, if\nthe account is new: three times in five minutes at most.\nOne hour at most.")
	})
}

func (f *clusterFlags) add(c *cobra.Command, e *console.Env) {
	command.Group(c, "Namespaces and clusters", func(s *pflag.FlagSet) {
		s.StringVar(&f.selection, "workload-clusters", "",
			"TKG `CLUSTERS` to log in to: all, none, or a list of\nNAMESPACE/NAME. (default all)")
		s.StringVar(&f.name, "tanzu-kubernetes-cluster-name", "", "`NAME` of one TKG cluster to log in to.")
		s.StringVar(&f.namespace, "tanzu-kubernetes-cluster-namespace", "", "`NAMESPACE` of that cluster.")
		s.StringSliceVar(&f.namespaces, "namespaces", nil, "vSphere `NAMESPACES`, if you may not list them.\nRemembered.")
		s.Var((*duration.Flag)(&f.wait), "wait", "`TIME` to wait for new clusters, such as 15m: until\nthey have an address and accept the token.")
	})
	c.Flags().SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if rest, old := strings.CutPrefix(name, "managed-cluster-"); old { // As vSphere 7.0 called them.
			name = "tanzu-kubernetes-cluster-" + rest
		}
		return pflag.NormalizedName(name)
	})
	_ = c.RegisterFlagCompletionFunc("workload-clusters", command.Clusters(e))
	_ = c.RegisterFlagCompletionFunc("tanzu-kubernetes-cluster-name", command.ClusterNames(e))
	_ = c.RegisterFlagCompletionFunc("tanzu-kubernetes-cluster-namespace", command.ClusterNamespaces(e))
}

func (f *outputFlags) add(c *cobra.Command) {
	command.Group(c, "Kubeconfig and output", func(s *pflag.FlagSet) {
		s.StringVar(&f.kubeconfig, "kubeconfig", "",
			"`FILE` to write the contexts to. With -, login prints a kubeconfig with\ntokens on standard output and changes no file.")
		s.StringVar(&f.prefix, "context-prefix", "", "`PREFIX` of context names, such as lab-, if several sites use the same names.\nContexts of this login that have another prefix are renamed.")
		s.StringVar(&f.execCommand, "exec-command", "",
			"`FILE` by which contexts call this program, for programs without your PATH.\n(default kubectl-vsphere if PATH finds it, else the path as called)")
		s.StringVar(&f.execVersion, "exec-api-version", "", "`VERSION` of the credential that contexts ask for, v1 or v1beta1, for older\nclients. (default v1)")
		s.BoolVar(&f.keepContext, "keep-context", false, "Do not change the current context.")
		s.BoolVar(&f.staticTokens, "static-tokens", false, "Write tokens into the kubeconfig, for scripts that read them (less secure).\nRemembered, until you say --static-tokens=false.")
		s.BoolVar(&f.prune, "prune", false, "Remove contexts of namespaces and clusters that no longer exist.")
		s.BoolVar(&f.dryRun, "dry-run", false,
			"Log in and print what would be written (see -o), but write nothing. It is\na real login: some identity providers (Dex) then end your earlier session.")
		s.VarP(f.format.Of("yaml", "diff"), "output", "o", "What --dry-run prints: diff (of the files) or yaml (the new entries).\n(default diff)")
	})
	command.Files(c, "kubeconfig", "exec-command")
	_ = c.RegisterFlagCompletionFunc("exec-api-version", cobra.FixedCompletions([]string{"v1", "v1beta1"}, cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"yaml", "diff"}, cobra.ShellCompDirectiveNoFileComp))
}

func (f *providerFlags) add(c *cobra.Command) {
	command.Group(c, "Identity provider of the Supervisor", func(s *pflag.FlagSet) {
		s.StringVar(&f.name, "identity-provider", "", "`NAME` of the identity provider, if the Supervisor has several.")
		s.StringVar(&f.trustIssuer, "trust-issuer", "", "`URL` of an issuer on another server that the Supervisor may use.\nRemembered.")
		s.StringVar(&f.flow, "oidc-flow", "", "`FLOW` of the login: browser, device, password or auto. (default auto)")
		s.BoolVar(&f.noBrowser, "no-browser", false, "Do not open a browser. Print the address to open, here or elsewhere.")
		s.StringVar(&f.browserCommand, "browser-command", "",
			"`COMMAND` (with arguments, no shell) that opens the page. The page\nreplaces %s, or is added as the last argument.")
		s.StringVar(&f.listen, "listen-address", "", "`HOST:PORT` that the browser returns to.\n(default a free port of 127.0.0.1)")
		s.BoolVar(&f.listenRemote, "listen-remote", false, "Allow a --listen-address that other machines can reach, such as a\npublished port of a container.")
	})
	_ = c.RegisterFlagCompletionFunc("oidc-flow", cobra.FixedCompletions(flows(), cobra.ShellCompDirectiveNoFileComp))
}

func (f *issuerFlags) add(c *cobra.Command) {
	command.Group(c, "Issuer without a Supervisor", func(s *pflag.FlagSet) {
		s.StringVar(&f.url, "oidc-issuer-url", "", "`URL` of an issuer that the API server at --server trusts.")
		s.StringVar(&f.client, "oidc-client-id", "", "`ID` of the client at that issuer.")
		s.StringVar(&f.ca, "oidc-ca", "", "`FILE` with the CA (PEM) of that issuer. (default the system's)")
		s.StringSliceVar(&f.hosts, "oidc-trust-host", nil, "`HOST` of that issuer's login page, page for codes or token\nendpoint, if it is another server than the issuer. Remembered.")
		s.StringSliceVar(&f.scopes, "oidc-scopes", nil, "`SCOPES` to request besides openid and offline_access.")
		s.StringToStringVar(&f.params, "oidc-extra-param", nil, "`NAME=VALUE` to add to the authorization request.")
		s.Lookup("oidc-extra-param").DefValue = "" // Else the help text says "(default [])".
		s.StringVar(&f.tokenFile, "oidc-token-file", "", "`FILE` with the ID token of a CI job for the API server\nat --server. It is read again when a token is needed.")
		s.StringVar(&f.tokenVariable, "oidc-token-variable", "", "Environment `VARIABLE` with that ID token.")
		s.StringVar(&f.secretFile, "oidc-client-secret-file", "", "`FILE` with the secret of --oidc-client-id. The client\nthen logs in as itself (client credentials).")
		s.StringVar(&f.secretVariable, "oidc-client-secret-variable", "", "Environment `VARIABLE` with that secret.")
	})
	command.Files(c, "oidc-ca", "oidc-token-file", "oidc-client-secret-file")
}
