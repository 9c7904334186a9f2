package credhelper

import (
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/username"
)

// isPerson reports whether a user name may be a vCenter account, in any of its spellings. Its password opens far more than a registry, so
// it is never stored in a file. A registry that authenticates users at a Supervisor has only vCenter accounts and robot accounts.
func (h *Helper) isPerson(r registry.Record, user string) bool {
	name := parseAccount(user)
	switch r.AuthMode {
	case registry.HTTPAuth:
		return !isRobot(user) && user != "admin" || h.hasSession(name) // admin is Harbor's own account, in every mode.
	case registry.OIDCAuth:
		return false // Registry clients use a CLI secret there, never a password.
	case registry.DBAuth:
		if name.Domain == "" {
			return false // The Harbor has accounts of its own, which have such names.
		}
	}
	return name.Domain == ssoDomain || h.hasSession(name)
}

// hasSession reports whether somebody logged in to vCenter with an account here.
func (h *Helper) hasSession(a username.Name) bool {
	return slices.ContainsFunc(h.Store.Sessions(), func(s registry.Session) bool {
		return !s.ByIssuer() && a.May(parseAccount(s.User))
	})
}

// ssoDomain is the default domain of vCenter's own accounts.
const ssoDomain = "vsphere.local"

// parseAccount reads a user name. Spaces and invisible characters are left out: a registry may read the name without them.
func parseAccount(name string) username.Name {
	return username.Parse(strings.Map(func(r rune) rune {
		if !safetext.IsLine(string(r), 1) {
			return -1
		}
		return r
	}, name))
}

// isRobot reports whether a user name is that of a Harbor robot account: robot$NAME, or with another prefix PROJECT+NAME.
func isRobot(username string) bool {
	return !strings.ContainsAny(username, `@\`) && (strings.HasPrefix(username, "robot$") || strings.Contains(username, "+"))
}
