package logincmd

import (
	"cmp"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// conflicts finds flags that do not go together.
func (f flags) conflicts() error {
	switch {
	case f.trust.insecure && f.trust.ca != "":
		return failure.Usagef("--certificate-authority and --insecure-skip-tls-verify do not go together")
	case len(f.trust.fingerprints) > 0 && (f.trust.insecure || f.trust.ca != ""):
		return failure.Usagef("--ca-fingerprint goes with neither --certificate-authority nor --insecure-skip-tls-verify")
	}
	person := cmp.Or(f.provider.person(), first(typed{"--password-command", f.password.command != ""}, typed{"--password-stdin", f.password.stdin}))
	if runner := f.issuer.runner(); runner != "" && person != "" {
		return failure.Usagef("%s and %s do not go together: no person logs in", runner, person)
	}
	return cmp.Or(f.passwordConflicts(), f.outputConflicts())
}

func (f flags) passwordConflicts() error {
	switch {
	case f.password.stdin && f.password.command != "":
		return failure.Usagef("--password-stdin and --password-command do not go together")
	case f.password.stdin && f.who.user == "" && f.who.server != "":
		return failure.Usagef("--password-stdin needs --vsphere-username: there is nothing left to ask on")
	}
	return nil
}

func (f flags) outputConflicts() error {
	switch {
	case f.output.format != "" && !f.output.dryRun:
		return failure.Usagef("--output goes with --dry-run")
	case f.clusters.wait < 0:
		return failure.Usagef("--wait: %s is not a time to wait", f.clusters.wait)
	case f.clusters.wait > 0 && f.output.dryRun:
		return failure.Usagef("--wait does not go with --dry-run, which writes nothing")
	case f.output.kubeconfig == "-" && f.output.dryRun:
		return failure.Usagef("--kubeconfig - writes nothing anyway; it does not go with --dry-run")
	}
	return nil
}

// typed is a flag, and whether it was given.
type typed struct {
	flag  string
	given bool
}

// first is the first flag that was given, if any.
func first(flags ...typed) string {
	i := slices.IndexFunc(flags, func(t typed) bool { return t.given })
	if i < 0 {
		return ""
	}
	return flags[i].flag
}

// given counts the values that are there.
func given(values ...string) (n int) {
	for _, value := range values {
		if value != "" {
			n++
		}
	}
	return n
}

// person is a flag that says how a person logs in by an identity provider.
func (f providerFlags) person() string {
	return first(typed{"--oidc-flow", f.flow != ""}, typed{"--no-browser", f.noBrowser}, typed{"--browser-command", f.browserCommand != ""},
		typed{"--listen-address", f.listen != ""})
}

// runner is a flag by which a runner stands for a person.
func (f issuerFlags) runner() string {
	return first(typed{"--oidc-token-file", f.tokenFile != ""}, typed{"--oidc-token-variable", f.tokenVariable != ""},
		typed{"--oidc-client-secret-file", f.secretFile != ""}, typed{"--oidc-client-secret-variable", f.secretVariable != ""})
}

// plain reports whether there is no Supervisor.
func (f issuerFlags) plain() bool { return given(f.url, f.tokenFile, f.tokenVariable) > 0 }
