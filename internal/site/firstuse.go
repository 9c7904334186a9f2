package site

import (
	"context"
	"fmt"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// firstUse decides about the unknown CA of the Supervisor and returns it (PEM). last is what verified the server before.
func (c Contact) firstUse(ctx context.Context, server string, last trust.Trust, e *trust.UntrustedError) (string, error) {
	ca, ask, err := c.byRule(server, last, e)
	if ask {
		return c.confirmCA(ctx, server, last, e)
	}
	return ca, err
}

// byRule decides about an unknown CA without a person, if that can be. A fingerprint from the command line decides first. Another CA than
// that of last, which verified the server before, is trusted only with --replace-ca. ask reports whether a person must decide.
func (c Contact) byRule(server string, last trust.Trust, e *trust.UntrustedError) (ca string, ask bool, err error) {
	trusted := verifiedBy(last)
	switch {
	case len(c.Flags.CAFingerprints) > 0:
		ca, err = c.byFingerprint(e)
		return ca, false, err
	case trusted != "" && !c.Flags.ReplaceCA:
		return "", false, failure.Hint(&changedCA{shown(server), trusted, e}, "%s", changeHint(last))
	case c.Env.Terminal == nil:
		return "", false, e
	}
	return "", true, nil
}

// confirmCA asks a person about the unknown CA of one server, and returns it (PEM).
func (c Contact) confirmCA(ctx context.Context, server string, last trust.Trust, e *trust.UntrustedError) (string, error) {
	name := shown(server)
	c.Env.Tellf("The certificate of %s is signed by a CA that is unknown here.\n%s", name, safetext.Lines(strings.TrimSuffix(string(failure.Describe(e)), "\n")))
	if trusted := verifiedBy(last); trusted != "" {
		c.Env.Tellf("  trusted so far: %s", trusted)
	}
	if server != c.server() {
		c.Env.Tellf("The Supervisor %s names this server.", shown(c.server()))
	}
	switch {
	case c.fromVCenter(e):
		c.Env.Tellf("The vCenter %s offers this CA, and nothing proves that it is your vCenter: somebody in between can answer for both.\n"+
			"Only you can check it. Compare the last SHA-256 with your vSphere administrator.", c.Flags.VCenter)
	case e.IssuerSHA256 == "":
		c.Env.Tellf("The server does not show its CA: you can trust this one certificate, until the server gets another one. To trust the CA,\n" +
			"answer no, and add --ca-from-vcenter HOST, or --certificate-authority with the file that the vCenter offers for download.\n" +
			"This is trust on first use: only you can check that this is the server and not somebody in between. Compare the\n" +
			"SHA-256 with your vSphere administrator.")
	default:
		c.Env.Tellf("This is trust on first use: only you can check that this is the server and not somebody in between. Compare the\n" +
			"last SHA-256 with your vSphere administrator, or with the root certificates that the vCenter offers for download.")
	}
	yes, err := c.Env.Confirm(ctx, fmt.Sprintf("Trust it for %s alone from now on?", name))
	switch {
	case err != nil:
		return "", err
	case !yes:
		c.Env.Tellf("Not trusted. Nothing was sent to it.")
		return "", failure.Silent(e) // It is described above.
	}
	ca, _ := e.Pin(e.Shown())
	return ca, nil
}

// server returns the Supervisor's HOST:PORT.
func (c Contact) server() string { return trust.ServerOf(c.Server.HostPort()) }

// maxServer bounds the name of a server in a question, in characters.
const maxServer = 256

// shown returns a server (HOST:PORT) as a person writes it: without port 443.
func shown(server string) string {
	return safetext.Line(strings.TrimSuffix(server, ":443"), maxServer)
}

func (c Contact) byFingerprint(e *trust.UntrustedError) (string, error) {
	for _, fingerprint := range c.Flags.CAFingerprints {
		if ca, ok := e.Pin(fingerprint); ok {
			return ca, nil
		}
	}
	e.Reason = "it does not show the certificate of --ca-fingerprint " + strings.Join(c.Flags.CAFingerprints, " or ")
	hint := "If the fingerprint that you gave is right, somebody may be between you and the server."
	if e.IssuerSHA256 == "" {
		hint = "The server shows its own certificate only. If the fingerprint is that of its CA, add --ca-from-vcenter HOST,\nor give the CA with --certificate-authority."
	}
	return "", failure.Hint(e, "%s%s", failure.Describe(e), safetext.Lines(hint))
}

// verifiedBy returns what verified a server, in words. It is empty if nothing did.
func verifiedBy(t trust.Trust) string {
	switch all := t.Fingerprints(); {
	case t.Mode == trust.System:
		return "a CA of this system"
	case len(all) > 0:
		return "SHA-256 " + strings.Join(all, " or ")
	}
	return ""
}

// changeHint is the next step if a server shows another CA than before.
func changeHint(last trust.Trust) string {
	const hint = "Somebody may be between you and the server. If its CA was replaced, compare the SHA-256 and give --replace-ca."
	if last.Mode == trust.System {
		return hint + "\nIf SSL_CERT_FILE named the CA at the last login, set it again, or give --certificate-authority."
	}
	return hint
}

// changedCA is the error for a server that shows another CA than before.
type changedCA struct {
	server, trusted string
	*trust.UntrustedError
}

// Error names both CAs.
func (e *changedCA) Error() string {
	return fmt.Sprintf("the CA of %s is not the one that was trusted so far: it was %s and is SHA-256 %s", e.server, e.trusted, e.Shown())
}

// Unwrap returns the certificate that is not trusted.
func (e *changedCA) Unwrap() error { return e.UntrustedError }
