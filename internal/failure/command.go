package failure

import (
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// Quote returns s as one word of a shell (see safetext.Word), so that a printed command can be pasted.
func Quote(s string) string { return safetext.Word(s) }

// LoginCommand returns the command that logs in. user may be empty.
func LoginCommand(server, user string) string {
	if user == "" {
		return "kubectl vsphere login --server " + Quote(server)
	}
	return fmt.Sprintf("kubectl vsphere login --server %s -u %s", Quote(server), Quote(user))
}

// ProviderCommand returns the command that logs in by the identity provider of a Supervisor, which says who the user is.
func ProviderCommand(server string) string { return LoginCommand(server, "") + " --auth-method oidc" }

// LogoutCommand returns the command that ends a session.
func LogoutCommand(server, user string) string {
	return fmt.Sprintf("kubectl vsphere logout --server %s -u %s", Quote(server), Quote(user))
}

// ForgetCommand returns the command that forgets how a server is verified.
func ForgetCommand(server string) string {
	return "kubectl vsphere logout --server " + Quote(server) + " --forget-server"
}
