package logincmd

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/contexts"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method/federated"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method/password"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/sso"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// Auto lets the command line and the Supervisor decide the login method.
const Auto = "auto"

func methods() []string { return []string{Auto, password.Name, federated.Name} }

func flows() []string { return federated.Flows() }

// Options are what the command line asks for.
type Options struct {
	Server  supervisor.Address // zero: that of the current context's session
	Called  string             // --server, if it may be the name of a site; Server otherwise
	Word    string             // the argument: what a person calls a known Supervisor
	Name    string             // the name that the site gets; empty: it stays as it is
	User    string             // empty: login asks, or the identity provider says who it is
	Method  string             // Auto, password.Name or federated.Name
	Trust   site.TrustFlags
	Aliases supervisor.Aliases // other addresses of servers (NAT)
	APIPort int                // of the API servers; 0: their own, or the front's where they do not answer

	Clusters   login.Selection
	Current    string   // the cluster whose context becomes the current one, NAME or NAMESPACE/NAME
	Namespaces []string // vSphere Namespaces that the user may not list
	Wait       time.Duration

	Kubeconfig   string // a file; empty: the user's; "-": standard output
	Prefix       string
	Exec         contexts.Exec
	KeepContext  bool
	StaticTokens bool
	Prune        bool
	DryRun       bool
	Format       string // of a dry run: yaml, diff, or empty
	Passwords    session.PasswordOptions
	Provider     federated.Options

	// Set reports which options are on the command line. The last login decides the others.
	Set Set
}

// Set reports, for each option that login remembers, whether it is on the command line.
type Set struct {
	Aliases, APIPort, Clusters, StaticTokens, Namespaces, Prefix bool
}

// Defaults returns the options of a command line without flags.
func Defaults() Options {
	return Options{Method: Auto, Provider: federated.Options{Flow: federated.Auto}}
}

// Printed reports whether the kubeconfig goes to standard output.
func (o Options) Printed() bool { return o.Kubeconfig == "-" }

// files returns the path of --kubeconfig. Without one it returns nil: the user's own files.
func (o Options) files() []string {
	if o.Kubeconfig == "" || o.Printed() {
		return nil
	}
	return []string{o.Kubeconfig}
}

// options checks the flags, without a server, and returns the Options. changed reports whether a flag is on the command line. The error
// is a usage error.
func (f flags) options(changed func(flag string) bool) (Options, error) {
	o := Options{
		User: f.who.user, Wait: f.clusters.wait,
		Trust:      site.TrustFlags{Insecure: f.trust.insecure, CAFile: f.trust.ca, ReplaceCA: f.trust.replaceCA},
		Kubeconfig: f.output.kubeconfig, Prefix: f.output.prefix, KeepContext: f.output.keepContext, StaticTokens: f.output.staticTokens,
		Prune: f.output.prune, DryRun: f.output.dryRun, Format: string(f.output.format),
		Passwords: session.PasswordOptions{
			Stdin: f.password.stdin, Save: f.password.save, Force: f.password.force, Wait: f.password.wait,
			CommandSet: changed("password-command"), Forget: changed("save-password") && !f.password.save,
		},
		Set: Set{
			Aliases: changed("control-plane-address"), StaticTokens: changed("static-tokens"), Namespaces: changed("namespaces"),
			APIPort: changed("api-port"), Prefix: changed("context-prefix"), Clusters: changed("workload-clusters") || changed("tanzu-kubernetes-cluster-name"),
		},
	}
	o.StaticTokens = o.StaticTokens || o.Printed() // A printed kubeconfig may be used on a machine without the store.
	if err := f.conflicts(); err != nil {
		return o, err
	}
	for _, read := range []func(*Options) error{f.readTrust, f.readPassword, f.readServer, f.readCalled, f.readNamespaces, f.readMethod, f.readProvider, f.readClusters, f.readUser, f.readExec} {
		if err := read(&o); err != nil {
			return o, err
		}
	}
	return o, nil
}

func (f flags) readTrust(o *Options) error {
	for _, s := range f.trust.fingerprints {
		fingerprint, err := trust.ParseFingerprint(s)
		if err != nil {
			return failure.Usagef("--ca-fingerprint: %w", err)
		}
		o.Trust.CAFingerprints = append(o.Trust.CAFingerprints, fingerprint)
	}
	if f.trust.vCenter != "" {
		var err error
		if o.Trust.VCenter, err = supervisor.ParseTyped(f.trust.vCenter); err != nil {
			return failure.Usagef("--ca-from-vcenter: %w", err)
		}
	}
	for _, s := range f.trust.aliases {
		host, at, err := supervisor.ParseAlias(s)
		if err != nil {
			return failure.Usagef("--control-plane-address: %w", err)
		}
		if o.Aliases == nil {
			o.Aliases = supervisor.Aliases{}
		}
		o.Aliases[host] = at
	}
	if f.trust.apiPort == "" || f.trust.apiPort == Auto {
		return nil
	}
	port, err := strconv.ParseUint(f.trust.apiPort, 10, 16)
	if err != nil || port == 0 {
		return failure.Usagef("--api-port: want auto or a port, 1 to 65535")
	}
	o.APIPort = int(port)
	return nil
}

func (f flags) readPassword(o *Options) (err error) {
	if f.password.command == "" {
		return nil
	}
	if o.Passwords.Command, err = secret.ParseCommand(f.password.command); err != nil {
		return failure.Usagef("--password-command: %w", err)
	}
	return nil
}

func (f flags) readServer(o *Options) (err error) {
	if f.who.server != "" { // Otherwise login repeats the last one.
		if o.Server, err = supervisor.ParseTyped(f.who.server); err != nil {
			return failure.Usagef("--server: %w", err)
		}
	}
	return nil
}

func (f flags) readNamespaces(o *Options) error {
	for _, ns := range f.clusters.namespaces {
		if !supervisor.IsName(ns) {
			return failure.Usagef("--namespaces: %q is not a valid name", ns)
		}
	}
	o.Namespaces = f.clusters.namespaces
	return nil
}

// readMethod reads --auth-method. A flag that is only for identity providers decides the method too.
func (f flags) readMethod(o *Options) error {
	switch f.who.method {
	case "", Auto:
		o.Method = Auto
		if f.issuer.plain() || f.provider.name != "" || f.provider.interactiveFlag() != "" {
			o.Method = federated.Name
		}
	case password.Name:
		if flag := cmp.Or(f.provider.interactiveFlag(), firstSet(flagState{"--identity-provider", f.provider.name != ""})); flag != "" {
			return failure.Usagef("%s is for identity providers: it does not go with --auth-method sso", flag)
		}
		o.Method = password.Name
	case federated.Name:
		o.Method = federated.Name
	default:
		return failure.Usagef("--auth-method: want auto, sso or oidc")
	}
	return nil
}

// readExec reads how contexts call this program.
func (f flags) readExec(o *Options) error {
	if command := f.output.execCommand; command != "" {
		if err := contexts.CheckCommand(command); err != nil {
			return failure.Usagef("--exec-command: %w", err)
		}
		o.Exec.Command = command
	}
	switch strings.TrimPrefix(f.output.execVersion, "client.authentication.k8s.io/") {
	case "":
	case "v1":
		o.Exec.APIVersion = credfile.V1
	case "v1beta1":
		o.Exec.APIVersion = credfile.V1beta1
	default:
		return failure.Usagef("--exec-api-version: want v1 or v1beta1")
	}
	return nil
}

func (f flags) readUser(o *Options) error { return checkUser(f.who.user, *o) }

// checkUser refuses a user name that cannot log in. vCenter cannot get one with a colon.
func checkUser(user string, o Options) error {
	check := sso.CheckUser
	if o.Method == federated.Name || o.Provider.Issuer.Plain() {
		check = sso.CheckName
	}
	if user == "" {
		return nil
	}
	if err := check(user); err != nil {
		return failure.Usagef("--vsphere-username: %w", err)
	}
	return nil
}

// readClusters joins --workload-clusters with the two flags of VMware's plugin that name one cluster.
func (f flags) readClusters(o *Options) (err error) {
	if o.Clusters, err = login.ParseSelection(f.clusters.selection); err != nil {
		return failure.Usagef("--workload-clusters: %w", err)
	}
	if f.clusters.name == "" {
		return nil // A namespace alone selects nothing: VMware's plugin takes it too.
	}
	ref := login.Ref{Namespace: f.clusters.namespace, Name: f.clusters.name}
	o.Current = ref.String()
	if f.clusters.selection != "all" {
		o.Clusters = o.Clusters.With(ref)
	}
	return nil
}

func validFlow(flow string) bool { return slices.Contains(flows(), flow) }

func wantFlow() error { return failure.Usagef("--oidc-flow: want %s", strings.Join(flows(), ", ")) }
