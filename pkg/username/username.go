// Package username compares user names of vCenter Single Sign-On, which a person may spell in several ways: NAME@DOMAIN, DOMAIN\NAME and,
// in the default domain, NAME, in any case.
package username

import (
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// Name is a user name in its parts, folded (credfile.Fold).
type Name struct{ User, Domain string } // Domain is empty for a name in the default domain

// Parse reads a user name.
func Parse(s string) Name {
	s = credfile.Fold(s)
	if domain, user, found := strings.Cut(s, `\`); found {
		return Name{user, domain}
	}
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		return Name{s[:i], s[i+1:]}
	}
	return Name{User: s}
}

// Same reports whether two spellings have the same name and domain. They name one person, whichever domain is the default one.
func Same(a, b string) bool { return Parse(a) == Parse(b) }

// May reports whether two names may be one person. A name without a domain is in the default domain, which may be any. A domain without a
// dot is a short name (CORP of corp.example), and may be that of any, too.
func (n Name) May(other Name) bool {
	return n.User == other.User && (n.Domain == other.Domain || n.short() || other.short())
}

func (n Name) short() bool { return !strings.Contains(n.Domain, ".") }
