package credhelper

import (
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// isPerson reports whether a user name may be a vCenter account, in any of its spellings. Its password opens far more than a registry, so
// it is never stored in a file. A registry that authenticates users at a Supervisor has only vCenter accounts and robot accounts.
func (h *Helper) isPerson(r registry.Record, username string) bool {
	name := parseAccount(username)
	switch r.AuthMode {
	case registry.HTTPAuth:
		return !isRobot(username) && username != "admin" || h.hasSession(name) // admin is Harbor's own account, in every mode.
	case registry.OIDCAuth:
		return false // Registry clients use a CLI secret there, never a password.
	case registry.DBAuth:
		if name.domain == "" {
			return false // The Harbor has accounts of its own, which have such names.
		}
	}
	return name.domain == ssoDomain || h.hasSession(name)
}

// hasSession reports whether somebody logged in to vCenter with an account here.
func (h *Helper) hasSession(a account) bool {
	return slices.ContainsFunc(h.Store.Sessions(), func(s registry.Session) bool {
		return !s.ByIssuer() && a.same(parseAccount(s.User))
	})
}

// ssoDomain is the default domain of vCenter's own accounts.
const ssoDomain = "vsphere.local"

// account is a user name as vCenter reads it: NAME, NAME@DOMAIN or DOMAIN\NAME. It is folded.
type account struct{ name, domain string }

// parseAccount reads a user name. Spaces and invisible characters are left out: a registry may read the name without them.
func parseAccount(username string) account {
	s := credfile.Fold(strings.Map(func(r rune) rune {
		if !safetext.IsLine(string(r), 1) {
			return -1
		}
		return r
	}, username))
	if domain, name, found := strings.Cut(s, `\`); found {
		return account{name, domain}
	}
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		return account{s[:i], s[i+1:]}
	}
	return account{name: s}
}

// same reports whether two names may be one account. A name without a domain is in the default domain, which may be any. A domain
// without a dot is a short name (CORP of corp.example), and may be that of any, too.
func (a account) same(b account) bool {
	return a.name == b.name && (a.domain == b.domain || a.short() || b.short())
}

func (a account) short() bool { return !strings.Contains(a.domain, ".") }

// isRobot reports whether a user name is that of a Harbor robot account: robot$NAME, or with another prefix PROJECT+NAME.
func isRobot(username string) bool {
	return !strings.ContainsAny(username, `@\`) && (strings.HasPrefix(username, "robot$") || strings.Contains(username, "+"))
}
