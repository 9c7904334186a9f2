package session

import (
	"cmp"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/username"
)

// Named returns those of all sessions that a person means by a user name, as with -u; an empty name means all. These are the sessions whose
// user is called so, and those of the same full name elsewhere. Without one, it is the only user whose name may be meant: dev, of
// dev@vsphere.local. Of two such users none is meant.
func Named(all []tokens.Session, user string) []tokens.Session {
	if user == "" {
		return all
	}
	called := filter(all, func(s tokens.Session) bool { return s.Called(user) || username.Same(user, s.User) })
	if len(called) == 0 {
		called = filter(all, func(s tokens.Session) bool { return username.Parse(user).May(username.Parse(fullName(s))) })
		if slices.ContainsFunc(called, func(s tokens.Session) bool { return !username.Same(fullName(s), fullName(called[0])) }) {
			return nil
		}
	}
	return filter(all, func(s tokens.Session) bool {
		return slices.ContainsFunc(called, func(c tokens.Session) bool { return c.ID == s.ID || username.Same(fullName(c), fullName(s)) })
	})
}

// fullName returns the name of a session's user with the domain, if that is known.
func fullName(s tokens.Session) string { return cmp.Or(s.Identity, s.User) }

func filter(all []tokens.Session, by func(tokens.Session) bool) (some []tokens.Session) {
	for _, s := range all {
		if by(s) {
			some = append(some, s)
		}
	}
	return some
}
