package cli

import (
	"cmp"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/sso"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// loginOptions is what the flags mean.
type loginOptions struct {
	server    supervisor.Address
	user      string // empty: to be asked
	insecure  bool
	caFile    string
	replaceCA bool

	caFingerprints []string           // as trust.Fingerprint writes them
	aliases        supervisor.Aliases // where servers are reached
	clusters       login.Selection
	current        string // the cluster whose context becomes the current one, NAME or NAMESPACE/NAME
	staticTokens   bool

	kubeconfig  string // a file; empty: the user's; "-": standard output
	prefix      string // of the contexts' names
	keepContext bool
	dryRun      bool
	planFormat  planFormat

	method      string // methodAuto, methodSSO or methodOIDC
	oidc        oidcOptions
	trustIssuer string   // that a Supervisor may name though it is another server's
	namespaces  []string // to look at beside those that can be listed

	passwordStdin   bool
	passwordCommand []string
	commandGiven    bool // the flag was there, perhaps empty
	savePassword    bool
	forgetKeychain  bool // --save-password=false
	force           bool
	prune           bool
	wait            time.Duration // for clusters that are being created; 0: not at all

	given func(flag string) bool // tells whether a flag was on the command line
}

// printed tells whether the kubeconfig goes to standard output.
func (o loginOptions) printed() bool { return o.kubeconfig == "-" }

// files are the paths that --kubeconfig names; none are the user's own.
func (o loginOptions) files() []string {
	if o.kubeconfig == "" || o.printed() {
		return nil
	}
	return []string{o.kubeconfig}
}

// options checks the command line as far as that is possible without asking anybody.
func (f loginFlags) options() (loginOptions, error) {
	o := loginOptions{
		user: f.user, insecure: f.insecure, caFile: f.ca, staticTokens: f.staticTokens, replaceCA: f.replaceCA,
		kubeconfig: f.kubeconfig, prefix: f.contextPrefix, keepContext: f.keepContext, dryRun: f.dryRun, planFormat: f.output,
		passwordStdin: f.passwordStdin, savePassword: f.savePassword, force: f.force, prune: f.prune, wait: f.wait,
	}
	if err := f.conflicts(); err != nil {
		return o, err
	}
	for _, s := range f.fingerprints {
		fingerprint, err := trust.ParseFingerprint(s)
		if err != nil {
			return o, usagef("--ca-fingerprint: %w", err)
		}
		o.caFingerprints = append(o.caFingerprints, fingerprint)
	}
	var err error
	if o.aliases, err = f.aliasesOf(); err != nil {
		return o, err
	}
	o.staticTokens = o.staticTokens || o.printed() // What is printed may go to where there is no store.
	if f.passwordCommand != "" {
		if o.passwordCommand, err = secret.ParseCommand(f.passwordCommand); err != nil {
			return o, usagef("--password-command: %w", err)
		}
	}
	if f.server != "" { // Else the last login is repeated.
		if o.server, err = supervisor.ParseAddress(f.server); err != nil {
			return o, usagef("--server: %w", err)
		}
	}
	if f.user != "" {
		if err := sso.CheckUser(f.user); err != nil {
			return o, usagef("--vsphere-username: %w", err)
		}
	}
	if err := f.identity(&o); err != nil {
		return o, err
	}
	o.clusters, o.current, err = f.selection()
	return o, err
}

// identity reads what says how somebody proves who he is other than by a password.
func (f loginFlags) identity(o *loginOptions) (err error) {
	for _, ns := range f.namespaces {
		if !supervisor.IsName(ns) {
			return usagef("--namespaces: %q cannot be the name of one", ns)
		}
	}
	o.namespaces, o.trustIssuer = f.namespaces, strings.TrimRight(f.trustIssuer, "/")
	if o.method, err = f.method(); err != nil {
		return err
	}
	o.oidc, err = f.oidcOptions()
	return err
}

// aliasesOf reads --control-plane-address.
func (f loginFlags) aliasesOf() (supervisor.Aliases, error) {
	if len(f.aliases) == 0 {
		return nil, nil
	}
	aliases := supervisor.Aliases{}
	for _, s := range f.aliases {
		host, at, err := supervisor.ParseAlias(s)
		if err != nil {
			return nil, usagef("--control-plane-address: %w", err)
		}
		aliases[host] = at
	}
	return aliases, nil
}

// conflicts finds flags that do not go together.
func (f loginFlags) conflicts() error {
	switch {
	case f.insecure && f.ca != "":
		return usagef("--certificate-authority and --insecure-skip-tls-verify do not go together")
	case len(f.fingerprints) > 0 && (f.insecure || f.ca != ""):
		return usagef("--ca-fingerprint goes with neither --certificate-authority nor --insecure-skip-tls-verify")
	}
	person := cmp.Or(f.personal(), firstOf(typed{"--password-command", f.passwordCommand != ""}, typed{"--password-stdin", f.passwordStdin}))
	if runner := f.unattended(); runner != "" && person != "" {
		return usagef("%s and %s do not go together: no person logs in", runner, person)
	}
	if err := f.passwordConflicts(); err != nil {
		return err
	}
	return f.outputConflicts()
}

func (f loginFlags) passwordConflicts() error {
	switch {
	case f.passwordStdin && f.passwordCommand != "":
		return usagef("--password-stdin and --password-command do not go together")
	case f.passwordStdin && f.user == "" && f.server != "":
		return usagef("--password-stdin needs --vsphere-username: there is nothing left to ask on")
	}
	return nil
}

func (f loginFlags) outputConflicts() error {
	switch {
	case f.output != "" && !f.dryRun:
		return usagef("--output goes with --dry-run")
	case f.wait < 0:
		return usagef("--wait: %s is not a time to wait", f.wait)
	case f.wait > 0 && f.dryRun:
		return usagef("--wait does not go with --dry-run, which writes nothing")
	case f.kubeconfig == "-" && f.dryRun:
		return usagef("--kubeconfig - writes nothing anyway; it does not go with --dry-run")
	}
	return nil
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
