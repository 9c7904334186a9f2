package logincmd_test

import (
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// A dry run that would change nothing says so, and prints nothing for a program to read.
func TestDryRunWithoutChanges(t *testing.T) {
	w, _ := site(t)
	given(w)
	w.Run(signIn(w, "--dry-run")...).Exits(0).Omits("No changes")
	w.Run(signIn(w)...).Exits(0)
	for _, format := range []string{"diff", "yaml"} {
		r := w.Run(signIn(w, "--dry-run", "-o", format)...).Exits(0).Says("No changes: the kubeconfig has all of this already.")
		if format == "diff" && r.Out != "" {
			t.Errorf("standard output: %q", r.Out)
		}
	}
}

// --auth-method oidc is named where the Supervisor has an identity provider, and it matters.
func TestTheProviderIsNamedWhereItMatters(t *testing.T) {
	const other = "--auth-method oidc"
	w, s := site(t)
	given(w)
	w.Run(signIn(w)...).Exits(0).Says("since -u is given.\n").Omits(other)
	w.Vars[failure.PasswordVariable] = "wrong-pass"
	w.Run(signIn(w)...).Exits(3).Says("was refused").Omits(other)

	s.Federate("", consoletest.LDAP())
	w.Run("logout").Exits(0)
	w.Advance(consoletest.Life)
	w.Run(signIn(w)...).Exits(3).Says("was refused", "vCenter locks an account", "This Supervisor has an identity provider too. If the password is for that, add: "+other)
	w.Advance(consoletest.Life)
	w.Run(signIn(w, "--auth-method", "sso")...).Exits(3).Says("was refused").Omits(other)

	given(w)
	w.Advance(consoletest.Life)
	w.Run(byPassword(w)...).Exits(0)
	w.Run("login", "--server", "10.0.0.1", "-u", "eve@vsphere.local", "--certificate-authority", w.CAFile).Exits(3).Says("since -u is given. For the identity provider: " + other)
}

// Tokens in the kubeconfig are remembered. That is said each time, with what ends it.
func TestStaticTokensAreSaid(t *testing.T) {
	const said = "Later logins of this session do the same, until --static-tokens=false."
	w, _ := site(t)
	given(w)
	w.Run(signIn(w)...).Exits(0).Omits(said)
	w.Run(signIn(w, "--static-tokens")...).Exits(0).Says(said)
	w.Run("login").Exits(0).Says(said)
	if !strings.Contains(w.ReadKubeconfig(), "token: ") {
		t.Error("no token in the kubeconfig")
	}
	w.Run("login", "--static-tokens=false").Exits(0).Omits(said)
	w.Run("login").Exits(0).Omits(said)
	w.Run(signIn(w, "--kubeconfig", "-")...).Exits(0).Omits(said)
}
