package logincmd

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/duration"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// conflicts returns a usage error for flags that do not go together.
func (f flags) conflicts() error {
	switch {
	case f.trust.insecure && f.trust.ca != "":
		return failure.Usagef("--certificate-authority and --insecure-skip-tls-verify do not go together")
	case len(f.trust.fingerprints) > 0 && f.trust.insecure:
		return failure.Usagef("--ca-fingerprint and --insecure-skip-tls-verify do not go together")
	case f.trust.vCenter != "" && (f.trust.insecure || f.trust.ca != ""):
		return failure.Usagef("--ca-from-vcenter goes with neither --certificate-authority nor --insecure-skip-tls-verify")
	}
	person := cmp.Or(f.provider.interactiveFlag(),
		firstSet(flagState{"--password-command", f.password.command != ""}, flagState{"--password-stdin", f.password.stdin}))
	if job := f.issuer.unattendedFlag(); job != "" && person != "" {
		return failure.Usagef("%s and %s do not go together: no person logs in", job, person)
	}
	return cmp.Or(f.passwordConflicts(), f.outputConflicts())
}

var errStdinUser = failure.Usagef("--password-stdin needs --vsphere-username: standard input is the password")

// maxAccountWait bounds --wait-for-account: a script that waits longer has a wrong password.
const maxAccountWait = time.Hour

func (f flags) passwordConflicts() error {
	switch {
	case f.password.stdin && f.password.command != "":
		return failure.Usagef("--password-stdin and --password-command do not go together")
	case f.password.stdin && f.who.user == "" && f.who.server != "" && !f.mayBeNamed():
		return errStdinUser
	case f.password.wait < 0 || f.password.wait > maxAccountWait:
		return failure.Usagef("--wait-for-account: want a time up to %s, not %s", duration.Text(maxAccountWait), duration.Text(f.password.wait))
	case f.password.wait > 0 && f.password.force:
		return failure.Usagef("--wait-for-account and --force do not go together: one sends a refused password later, the other one now")
	}
	return nil
}

// mayBeNamed reports whether --server may be the name of a site, which remembers the user.
func (f flags) mayBeNamed() bool {
	_, err := tokens.ParseSiteName(strings.TrimSpace(f.who.server))
	return err == nil
}

func (f flags) outputConflicts() error {
	switch {
	case f.output.staticTokens && countSet(f.output.execCommand, f.output.execVersion) > 0:
		return failure.Usagef("--static-tokens goes with neither --exec-command nor --exec-api-version: its contexts call no program")
	case f.output.format != "" && !f.output.dryRun:
		return failure.Usagef("--output goes with --dry-run")
	case f.clusters.wait < 0:
		return failure.Usagef("--wait: %s is negative", duration.Text(f.clusters.wait))
	case f.clusters.wait > 0 && f.output.dryRun:
		return failure.Usagef("--wait does not go with --dry-run, which writes nothing")
	case f.output.kubeconfig == "-" && f.output.dryRun:
		return failure.Usagef("--kubeconfig - does not go with --dry-run: it changes no file either")
	}
	return nil
}

// flagState is a flag, and whether it is on the command line.
type flagState struct {
	name string
	set  bool
}

// firstSet returns the name of the first flag that is set, or "".
func firstSet(flags ...flagState) string {
	i := slices.IndexFunc(flags, func(f flagState) bool { return f.set })
	if i < 0 {
		return ""
	}
	return flags[i].name
}

// countSet counts the values that are not empty.
func countSet(values ...string) (n int) {
	for _, value := range values {
		if value != "" {
			n++
		}
	}
	return n
}

// interactiveFlag returns a set flag that says how a person logs in with an identity provider, or "".
func (f providerFlags) interactiveFlag() string {
	return firstSet(flagState{"--oidc-flow", f.flow != ""}, flagState{"--no-browser", f.noBrowser},
		flagState{"--browser-command", f.browserCommand != ""}, flagState{"--listen-address", f.listen != ""})
}

// unattendedFlag returns a set flag with which a CI job logs in without a person, or "".
func (f issuerFlags) unattendedFlag() string {
	return firstSet(flagState{"--oidc-token-file", f.tokenFile != ""}, flagState{"--oidc-token-variable", f.tokenVariable != ""},
		flagState{"--oidc-client-secret-file", f.secretFile != ""}, flagState{"--oidc-client-secret-variable", f.secretVariable != ""})
}

// plain reports whether --server is an API server without a Supervisor.
func (f issuerFlags) plain() bool { return countSet(f.url, f.tokenFile, f.tokenVariable) > 0 }
