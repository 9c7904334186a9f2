package failure

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// Explain writes an error for a person: what happened, then what to do about it.
func Explain(w io.Writer, err error) {
	var told *silent
	if errors.As(err, &told) {
		return
	}
	fmt.Fprintf(w, "error: %s\n", err)
	if step := NextStep(err); step != "" {
		fmt.Fprintln(w, step)
	}
}

// NextStep is the last line that a person reads: what to type or whom to ask. It is empty when there is nothing to add.
func NextStep(err error) string {
	var h *hinted
	var usage *UsageError
	var ended *tokens.LoginRequiredError
	switch {
	case errors.As(err, &ended):
		return ""
	case errors.As(err, &h):
		return h.hint
	}
	if step := advice(err); step != "" {
		return step
	}
	if errors.As(err, &usage) {
		return fmt.Sprintf("Type \"%s --help\" for the flags.", usage.typed())
	}
	return ""
}

// typed is the command as a person types it.
func (e *UsageError) typed() string {
	if e.Command == "" {
		return "kubectl vsphere"
	}
	return strings.TrimSpace(strings.Replace(e.Command, "kubectl-vsphere", "kubectl vsphere", 1))
}

// Describe says what a person needs to decide about a certificate, a line each.
func Describe(e *trust.UntrustedError) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  certificate of: %s\n", safetext.Line(e.Subject, 200))
	fmt.Fprintf(&b, "  signed by:      %s\n", safetext.Line(e.Issuer, 200))
	fmt.Fprintf(&b, "  valid:          %s to %s\n", e.NotBefore.Format(time.DateOnly), e.NotAfter.Format(time.DateOnly))
	fmt.Fprintf(&b, "  SHA-256:        %s\n", e.SHA256)
	if e.IssuerSHA256 != "" {
		fmt.Fprintf(&b, "  CA SHA-256:     %s\n", e.IssuerSHA256)
	}
	return b.String()
}

// Untrusted says which flags help against a certificate that is not trusted.
func Untrusted(e *trust.UntrustedError) string {
	if !e.UnknownCA {
		return Describe(e) + "No CA file mends that: the server needs another certificate, or you another address for it. Where nobody can come between\n" +
			"you and the server there is --insecure-skip-tls-verify."
	}
	return Describe(e) + "Use --certificate-authority FILE with the CA that signed it (for a Supervisor usually a root CA of its vCenter), or\n" +
		"--ca-fingerprint sha256:… if you know that from elsewhere, or, where nobody can come between you and the server,\n" +
		"--insecure-skip-tls-verify."
}

// NotKept says what to do when a login could not be written to the store at dir. Other errors, and nil, stay as they are.
func NotKept(dir string, err error) error {
	var full *tokens.WriteError
	if !errors.As(err, &full) {
		return err
	}
	return Hint(fmt.Errorf("you are logged in, but that cannot be kept: %w", err), "%s", unwritten(dir, err))
}

// NoTerminal words the errors of a prompt; remedy is what to do without one. nil stays nil.
func NoTerminal(err error, remedy string) error {
	switch {
	case errors.Is(err, secret.ErrNoTerminal):
		return Usagef("there is no terminal to ask on: %s", remedy)
	case errors.Is(err, secret.ErrEmpty):
		return errors.New("nothing was typed, so nothing was sent")
	}
	return err
}

// PasswordVariable holds a password for logins and renewals, and UsernameVariable says whose it is.
const (
	PasswordVariable = "KUBECTL_VSPHERE_PASSWORD" //nolint:gosec // The name of a variable.
	UsernameVariable = "KUBECTL_VSPHERE_USERNAME"
)
