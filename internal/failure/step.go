package failure

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/process"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// Explain prints an error: what happened, then the next step. It prints nothing for a Silent error.
func Explain(w io.Writer, err error) {
	if Printed(err) {
		return
	}
	fmt.Fprintf(w, "error: %s\n", safetext.Error(err))
	if step := NextStep(err); step != "" {
		fmt.Fprintln(w, step)
	}
}

// NextStep returns what to type or whom to ask after an error, or "".
func NextStep(err error) string {
	var h *hinted
	var usage *UsageError
	var ended *tokens.LoginRequiredError
	var either *either
	switch {
	case errors.As(err, &either):
		return either.other
	case errors.As(err, &ended):
		return ""
	case errors.As(err, &h):
		return h.hint
	}
	if step := advice(err); step != "" {
		return step
	}
	if errors.As(err, &usage) {
		return fmt.Sprintf("Type \"%s --help\" for the %s.", usage.typed(), usage.wanted())
	}
	return ""
}

// wanted returns what the help has that was not typed.
func (e *UsageError) wanted() string {
	if e.Group {
		return "commands"
	}
	return "flags"
}

// typed returns the command as a person types it.
func (e *UsageError) typed() string {
	if e.Command == "" {
		return "kubectl vsphere"
	}
	return strings.TrimSpace(strings.Replace(e.Command, "kubectl-vsphere", "kubectl vsphere", 1))
}

// Describe returns what a person needs to judge a certificate, one fact in each line.
func Describe(e *trust.UntrustedError) safetext.Lines {
	var b strings.Builder
	fmt.Fprintf(&b, "  certificate of: %s\n", safetext.Line(e.Subject, 200))
	fmt.Fprintf(&b, "  signed by:      %s\n", safetext.Line(e.Issuer, 200))
	fmt.Fprintf(&b, "  valid:          %s to %s\n", e.NotBefore.Format(time.DateOnly), e.NotAfter.Format(time.DateOnly))
	fmt.Fprintf(&b, "  SHA-256:        %s\n", e.SHA256)
	if e.IssuerSHA256 != "" {
		fmt.Fprintf(&b, "  CA SHA-256:     %s\n", e.IssuerSHA256)
	}
	return safetext.Lines(b.String())
}

// Untrusted describes a certificate that is not trusted, and names the flags that help.
func Untrusted(e *trust.UntrustedError) string {
	if !e.UnknownCA {
		return string(Describe(e)) + "A CA file does not help: the server needs another certificate, or you need another address for it.\n" +
			"If nobody can come between you and the server, you can use --insecure-skip-tls-verify."
	}
	return string(Describe(e)) + "Use --certificate-authority FILE with the CA that signed it (for a Supervisor usually a root CA of its\n" +
		"vCenter), or --ca-fingerprint sha256:… if you know the fingerprint from elsewhere. If nobody can come\n" +
		"between you and the server, you can use --insecure-skip-tls-verify."
}

// NotKept adds the next step to a *tokens.WriteError after a login. Other errors, and nil, are returned as they are.
func NotKept(dir string, err error) error {
	var full *tokens.WriteError
	if !errors.As(err, &full) {
		return err
	}
	return Hint(fmt.Errorf("you are logged in, but the session cannot be saved: %w", err), "%s", unwritten(dir, err))
}

// NoTerminal turns the errors of a prompt into messages. remedy says what to do without a terminal. Other errors, and nil, are
// returned as they are.
func NoTerminal(err error, remedy string) error {
	switch {
	case errors.Is(err, secret.ErrNoTerminal):
		return Usagef("there is no terminal to ask on: %s", remedy)
	case errors.Is(err, secret.ErrEmpty):
		return errors.New("nothing was typed, so nothing was sent")
	}
	return err
}

// PasswordVariable is the environment variable with the password for logins and renewals. UsernameVariable names its user.
const (
	PasswordVariable = process.PasswordVariable
	UsernameVariable = "KUBECTL_VSPHERE_USERNAME"
)
