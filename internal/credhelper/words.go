package credhelper

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/duration"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/lost"
)

// The messages to people are here, made from codes. Registry clients show one line of a message.

// maxLine bounds a text from outside in a message, in characters.
const maxLine = 600

// Explain returns why a registry gets no token of the session, or does not accept it, and what to type.
func Explain(r registry.Record) string {
	unproven := func(why string) string {
		return fmt.Sprintf("nothing proves that %s belongs to your Supervisor: %s; your token was not sent to it", r.Host, why)
	}
	switch r.Reason {
	case registry.ReasonNotHarbor:
		return "it is not a Harbor; if it is another registry, type: docker login " + r.Host
	case registry.ReasonAuthMode:
		return ownAccounts(r)
	case registry.ReasonCLISecret:
		return fmt.Sprintf("your CLI secret for it is missing; type: %s login %s", Name, r.Host)
	case registry.ReasonNoToken:
		return "you logged in with an identity provider, and it accepts only tokens of vCenter Single Sign-On; type: docker login " + r.Host
	case registry.ReasonRefused:
		return refused(r)
	case registry.ReasonEndpoint:
		return unproven(fmt.Sprintf("it asks %q about users, which is not a control plane host of your login", r.Endpoint))
	case registry.ReasonUnverified:
		return unproven("your login does not verify certificates")
	case registry.ReasonOtherCA:
		return unproven("its certificate is verified by the CA that you gave for it, not by that of your Supervisor")
	case registry.ReasonPublicCA:
		return unproven("its certificate is from a public CA, which anybody can use")
	}
	return "it did not take your login when it was last asked; to ask it again, type: kubectl vsphere registry add " + r.Host
}

func ownAccounts(r registry.Record) string {
	text := fmt.Sprintf("it has accounts of its own (%s); type: docker login %s", r.AuthMode, r.Host)
	if r.AuthMode == registry.OIDCAuth {
		text += ", with the CLI secret that its page shows in your profile"
	}
	return text
}

func refused(r registry.Record) string {
	version := r.Harbor
	if version == "" {
		version = "of an unknown version"
	}
	return fmt.Sprintf("it does not take tokens (Harbor %s; stock Harbor 2.x never does); use a robot account: kubectl vsphere registry robot create %s "+
		"-n NAMESPACE --save; or your password, kept in a keychain: %s configure --service %s, and then: docker login %s",
		version, r.Host, Name, keychain(runtime.GOOS), r.Host)
}

// keychain returns the name of the credential helper for a system's keychain.
func keychain(goos string) string {
	switch goos {
	case "darwin":
		return "osxkeychain"
	case "windows":
		return "wincred"
	}
	return registry.Keychains[0]
}

// robotEnded is the error for a robot account of ours that has expired.
func robotEnded(l registry.Login) error {
	return fmt.Errorf("the robot account %s has ended; for a new one type: kubectl vsphere registry robot create %s -n NAMESPACE --name NAME --save; "+
		"for your own login: docker logout %s", safetext.Line(l.Username, maxLine), l.Host, l.Host)
}

func loggedOut(host string) error {
	return fmt.Errorf("you logged out of it; type: %s login %s", Name, host)
}

func withoutTLS(host string) error {
	return fmt.Errorf("nothing is given to http://%s: a login goes only over https", host)
}

func notAdded(host string) error {
	return fmt.Errorf("not known here; if it takes your vSphere login, type: kubectl vsphere registry add %s", host)
}

// passwordDropped says that a client's password is not stored, since the session's token is used.
func passwordDropped(username string) error {
	return fmt.Errorf("the password of %s is not kept; your login with kubectl vsphere is used", safetext.Line(username, maxLine))
}

// passwordWithoutLogin says the same if the session has ended.
func passwordWithoutLogin(host string) error {
	return fmt.Errorf("a password is not kept, and your login with kubectl vsphere has ended; type: %s login %s", Name, host)
}

// passwordOfAPerson says that a password may only be stored in a keychain.
func passwordOfAPerson(host, username string) error {
	name := safetext.Line(username, maxLine)
	text := fmt.Sprintf("the password of %s may be a vCenter password, which is stored only in a keychain; to use one, type: %s configure --service %s",
		name, Name, registry.Keychains[0])
	if strings.Contains(name, "@") {
		text += fmt.Sprintf("; to use a login with kubectl vsphere: kubectl vsphere registry add %s -u %s", host, name)
	}
	return errors.New(text)
}

// notRenewed says why a session's token cannot be renewed.
func (h *Helper) notRenewed(key credfile.Key, err error) error {
	who := fmt.Sprintf("the login of %s at %s", safetext.Line(key.User, maxLine), key.Server)
	var exit *exitError
	var slow *timeoutError
	if errors.As(err, &slow) {
		return fmt.Errorf("renewing %s takes longer than %s (%s)", who, duration.Text(slow.wait), timeoutVariable)
	}
	if !errors.As(err, &exit) {
		return fmt.Errorf("%s has ended, and it cannot be renewed: %w", who, err)
	}
	switch exit.code {
	case exitUsage:
		return fmt.Errorf("%s has ended, and %s does not understand %s: install the same version of both", who, plugin, Name)
	case exitRefused:
		return fmt.Errorf("%s has ended, and renewing it was refused; type: %s", who, h.loginCommand(key))
	case exitServer:
		return fmt.Errorf("%s has ended, and it cannot be renewed: the Supervisor cannot be reached, is not trusted or answers badly; to see which, type: %s",
			who, shellLine(append([]string{plugin}, key.Args()...)))
	case exitInterrupted:
		return fmt.Errorf("%s has ended, and renewing it was interrupted", who)
	}
	// A needed login is the most common cause, and a login tells of the others, such as a full disk.
	return fmt.Errorf("%s could not be renewed; type: %s", who, h.loginCommand(key))
}

// loginCommand returns the command that logs in again. For an identity provider it names no user. What is said of a session that is gone is
// as in kubectl-vsphere (session.Sessions.Of).
func (h *Helper) loginCommand(key credfile.Key) string {
	withPassword := shellLine([]string{"kubectl", "vsphere", "login", "--server", key.Server, "-u", key.User})
	var others []string
	for _, s := range h.Store.Sessions() {
		switch {
		case s.Server != key.Server:
		case credfile.Fold(s.User) != credfile.Fold(key.User):
			others = append(others, s.Method)
		case s.ByIssuer():
			return byIssuer(key.Server)
		default:
			return withPassword
		}
	}
	was := registry.Session{}
	if was.Method = lost.Method(others, h.Store.IssuerMethod(key.Server)); was.ByIssuer() || was.Method == "" && strings.Contains(key.User, ":") {
		return byIssuer(key.Server) // vCenter has no name with a colon.
	}
	if was.Method == "" {
		withPassword += "; or, for a name of the Supervisor's identity provider: " + byIssuer(key.Server)
	}
	return withPassword
}

func byIssuer(server string) string {
	return shellLine([]string{"kubectl", "vsphere", "login", "--server", server, "--auth-method", "oidc"})
}

// shellLine returns arguments as one line for a shell.
func shellLine(args []string) string {
	var quoted []string
	for _, arg := range args {
		quoted = append(quoted, safetext.Word(arg))
	}
	return strings.Join(quoted, " ")
}
