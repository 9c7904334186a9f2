package logincmd

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method/federated"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method/password"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/sso"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// Auto is the method that the command line and the Supervisor decide.
const Auto = "auto"

func methods() []string { return []string{Auto, password.Name, federated.Name} }

func flows() []string { return federated.Flows() }

// Options are what the command line asks for.
type Options struct {
	Server  supervisor.Address // zero: that of the current context's session
	User    string             // empty: to be asked, or told by the identity provider
	Method  string             // Auto, password.Name or federated.Name
	Trust   site.TrustFlags
	Aliases supervisor.Aliases // where servers are reached

	Clusters   login.Selection
	Current    string   // the cluster whose context becomes the current one, NAME or NAMESPACE/NAME
	Namespaces []string // to look at beside those that can be listed
	Wait       time.Duration

	Kubeconfig   string // a file; empty: the user's; "-": standard output
	Prefix       string
	KeepContext  bool
	StaticTokens bool
	Prune        bool
	DryRun       bool
	Format       string // of a dry run: yaml, diff, or empty
	Passwords    session.PasswordOptions
	Provider     federated.Options

	// Set reports which options were on the command line; the others are taken from the last login.
	Set Set
}

// Set are the options that the last login decides where the command line does not.
type Set struct {
	Aliases, Clusters, StaticTokens, Namespaces, Prefix bool
}

// Defaults are the options of a command line without flags.
func Defaults() Options {
	return Options{Method: Auto, Provider: federated.Options{Flow: federated.Auto}}
}

// Printed reports whether the kubeconfig goes to standard output.
func (o Options) Printed() bool { return o.Kubeconfig == "-" }

// files are the paths that --kubeconfig names; none are the user's own.
func (o Options) files() []string {
	if o.Kubeconfig == "" || o.Printed() {
		return nil
	}
	return []string{o.Kubeconfig}
}

// options checks the command line as far as that is possible without asking anybody. changed reports whether a flag was given.
func (f flags) options(changed func(flag string) bool) (Options, error) {
	o := Options{
		User: f.who.user, Wait: f.clusters.wait,
		Trust:      site.TrustFlags{Insecure: f.trust.insecure, CAFile: f.trust.ca, ReplaceCA: f.trust.replaceCA},
		Kubeconfig: f.output.kubeconfig, Prefix: f.output.prefix, KeepContext: f.output.keepContext, StaticTokens: f.output.staticTokens,
		Prune: f.output.prune, DryRun: f.output.dryRun, Format: string(f.output.format),
		Passwords: session.PasswordOptions{
			Stdin: f.password.stdin, Save: f.password.save, Force: f.password.force,
			CommandSet: changed("password-command"), Forget: changed("save-password") && !f.password.save,
		},
		Set: Set{
			Aliases: changed("control-plane-address"), StaticTokens: changed("static-tokens"), Namespaces: changed("namespaces"),
			Prefix: changed("context-prefix"), Clusters: changed("workload-clusters") || changed("tanzu-kubernetes-cluster-name"),
		},
	}
	o.StaticTokens = o.StaticTokens || o.Printed() // What is printed may go to where there is no store.
	if err := f.conflicts(); err != nil {
		return o, err
	}
	for _, read := range []func(*Options) error{f.readTrust, f.readPassword, f.readServer, f.readNamespaces, f.readMethod, f.readProvider, f.readClusters} {
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
	if f.who.server != "" { // Else the last login is repeated.
		if o.Server, err = supervisor.ParseAddress(f.who.server); err != nil {
			return failure.Usagef("--server: %w", err)
		}
	}
	if f.who.user != "" {
		if err := sso.CheckUser(f.who.user); err != nil {
			return failure.Usagef("--vsphere-username: %w", err)
		}
	}
	return nil
}

func (f flags) readNamespaces(o *Options) error {
	for _, ns := range f.clusters.namespaces {
		if !supervisor.IsName(ns) {
			return failure.Usagef("--namespaces: %q cannot be the name of one", ns)
		}
	}
	o.Namespaces = f.clusters.namespaces
	return nil
}

// readMethod reads --auth-method. A flag that only identity providers have decides it, too.
func (f flags) readMethod(o *Options) error {
	switch f.who.method {
	case "", Auto:
		o.Method = Auto
		if f.issuer.plain() || f.provider.name != "" || f.provider.person() != "" {
			o.Method = federated.Name
		}
	case password.Name:
		if flag := cmp.Or(f.provider.person(), first(typed{"--identity-provider", f.provider.name != ""})); flag != "" {
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

// readClusters joins the closed plugin's two flags, which name one cluster, with --workload-clusters.
func (f flags) readClusters(o *Options) (err error) {
	if o.Clusters, err = login.ParseSelection(f.clusters.selection); err != nil {
		return failure.Usagef("--workload-clusters: %w", err)
	}
	if f.clusters.name == "" {
		if f.clusters.namespace != "" {
			return failure.Usagef("--tanzu-kubernetes-cluster-namespace goes with --tanzu-kubernetes-cluster-name")
		}
		return nil
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
