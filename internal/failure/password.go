package failure

import (
	"errors"
	"fmt"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Password says whose password or secret was not accepted.
type Password struct {
	User string
	// Provider is set for an identity provider's password: vCenter's rules are not the provider's.
	Provider bool
	// MayWait is set for a login by a script that did not say --wait-for-account.
	MayWait bool
	// Step is what helps against a secret that was refused a moment ago; empty: --force.
	Step string
}

// Explain words why no password was accepted. Other errors, and nil, stay as they are.
func (p Password) Explain(err error) error {
	var none *secret.NoPasswordError
	switch {
	case Hinted(err):
		return err // The caller knows a better next step.
	case errors.As(err, &none) && none.TooMany && p.Provider:
		return Hint(err, "Directories lock an account after some refusals. Type the password at a terminal, or wait five minutes.")
	case errors.As(err, &none) && none.TooMany:
		return Hint(err, "%s", tooMany)
	case errors.As(err, &none) && none.Known:
		return Hint(err, "%s", p.known())
	case errors.As(err, &none) && len(none.Reasons) > 0:
		return Hint(fmt.Errorf("there is no password to log in with: %w", err), "Set %s, or type it at a terminal.", PasswordVariable)
	case errors.As(err, &none):
		return Hint(errors.New("there is no password to log in with"), "Set %s, or type it at a terminal.", PasswordVariable)
	case errors.Is(err, secret.ErrEmpty):
		return NoTerminal(err, "")
	case p.Provider:
		return p.provider(err)
	}
	return p.vCenter(err)
}

// Quiet adds to a refusal of a password typed at kubectl's prompt that nobody is asked for a while, and the command that asks at once.
func Quiet(err error, again string) error {
	return Hint(err, "%s\nkubectl runs again and again, so nobody is asked for a minute. To try now, type: %s", safetext.Lines(NextStep(err)), again)
}

// tooMany is the next step when one more refusal might lock the account.
const tooMany = "An account is locked for some minutes after five refusals. What gets no clear answer, such as a 5xx, may be one.\n" +
	"To go on now, type the password at a terminal. Else wait five minutes."

// provider words what the issuer answers to a login.
func (p Password) provider(err error) error {
	var refused *secret.RefusedError
	var said *oidc.Error
	switch {
	case errors.As(err, &said) && said.ByPolicy():
		return Hint(fmt.Errorf("a policy of the identity provider does not let %s log in: %w", p.user(), said), "The password was not refused. Ask your vSphere administrator.")
	case errors.As(err, &refused):
		return Hint(fmt.Errorf("the password from %s for %s was refused: %w", refused.Source, p.user(), refused.Err), "It is not sent again.")
	case errors.Is(err, wire.ErrServer):
		return Hint(err, "The password was not refused. If this does not pass, ask the administrator of the identity provider.")
	}
	return err
}

func (p Password) known() string {
	switch {
	case p.Step != "":
		return p.Step
	case p.Provider:
		return "Directories lock an account after some refusals. To send it anyway, use --force."
	}
	return "vCenter locks an account for some minutes after five refusals. To send it anyway, use --force." + p.newAccount()
}

// newAccount is the next step of a script that creates an account.
func (p Password) newAccount() string {
	if !p.MayWait {
		return ""
	}
	return "\nIf the account is new, a script may wait for it: --wait-for-account 10m."
}

// vCenter words what the Supervisor answers to a login as a whole.
func (p Password) vCenter(err error) error {
	switch {
	case errors.Is(err, wire.ErrRefused):
		hint := "It is not sent again: vCenter locks an account for some minutes after five refusals."
		if !strings.ContainsAny(p.User, `@\`) {
			hint += "\nThe name may need its domain: " + p.user() + "@vsphere.local, or that of the identity source, as " + p.user() + "@example.com."
		}
		return Hint(fmt.Errorf("the user name or password of %s was refused: %w", p.user(), err), "%s", hint+p.newAccount())
	case errors.Is(err, wire.ErrForbidden):
		return Hint(fmt.Errorf("%s may not log in here: %w", p.user(), err), "Ask your vSphere administrator for a role in a vSphere Namespace.")
	case errors.Is(err, wire.ErrServer):
		return Hint(err, "%s", safetext.Lines(contact(err)))
	}
	return err
}

// contact says whom to ask about a Supervisor that fails. VMware's plugin says the first sentence.
func contact(err error) string {
	const ask = "Please contact your vSphere server administrator for assistance."
	var failed *wire.Error
	if !errors.As(err, &failed) || failed.Status < 500 {
		return ask
	}
	return ask + "\nIf the password is right, the Supervisor could not ask vCenter. Most often its control plane VMs do not resolve\n" +
		"vCenter's name (DNS), have the wrong time (NTP), or do not reach vCenter's token service (STS)."
}

// maxUser bounds a user name on the terminal, in characters.
const maxUser = 256

func (p Password) user() string { return safetext.Line(p.User, maxUser) }
