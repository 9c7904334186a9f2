package password

import (
	"context"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/sso"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/username"
)

// maxNames bounds the names of a session. The oldest are forgotten: then they have a session of their own.
const maxNames = 8

// claimed returns what a token calls the user, with the domain, if that may be a spelling of the name that went with the password; else "".
// A server that says something else speaks of another person.
func claimed(typed string, token redact.Secret) string {
	claims, err := sso.ParseClaims(token)
	name := username.Parse(claims.Subject)
	if err != nil || name.Domain == "" || !username.Parse(typed).May(name) || sso.CheckUser(claims.Subject) != nil {
		return ""
	}
	return claims.Subject
}

// identityOf returns what the tokens of a session call its user. Sessions of older versions do not hold it, their tokens do.
func (m *Method) identityOf(s tokens.Session) string {
	c, _, err := m.Sessions.Store.Credential(tokens.Key{Server: s.Server, User: s.User})
	if s.Identity != "" || err != nil {
		return s.Identity
	}
	return claimed(s.LoginName(), c.Token)
}

// sessions returns the sessions of this method at a Supervisor, the last login first.
func (m *Method) sessions(server string) []tokens.Session {
	return slices.DeleteFunc(m.Sessions.Store.SessionsAt(server), func(s tokens.Session) bool { return s.Method != Name })
}

// lastOf returns the session of a name that is to be sent to a Supervisor, or a new one: the session of that very name, else one to which
// a person logs in with a spelling of it. Its sources of a password may be asked: what a server claims of a name does not count here.
func (m *Method) lastOf(server, user string) tokens.Session {
	last := session.Last(m.Sessions.Store, tokens.Key{Server: server, User: user}, Name)
	if last.ID == "" {
		for _, s := range m.sessions(server) {
			if s.Typed(user) || username.Same(user, s.LoginName()) || slices.ContainsFunc(s.Names, func(n string) bool { return username.Same(user, n) }) {
				last = session.Last(m.Sessions.Store, tokens.Key{Server: server, User: s.User}, Name)
				break
			}
		}
	}
	last.Login = user
	return last
}

// ofAccount returns the sessions of the account that has logged in: that of the keychain's password first, then that of the name itself.
// Another spelling is of the same account if a person has logged in to one session with both, or if the Supervisor calls both the same, at
// logins that verified it, or that did not.
func (a *attempt) ofAccount(identity string) (mine []tokens.Session) {
	for _, s := range a.sessions(a.site.Address.String()) {
		known := a.identityOf(s)
		both := identity != "" && known != ""
		likewise := (s.Trust.Mode == trust.Insecure) == a.site.Insecure()
		switch same := both && username.Same(identity, known); {
		case tokens.Fold(s.User) == tokens.Fold(a.user):
			if both && !same {
				a.Sessions.Env.Notef("%s calls %s %s now; at the last login it was %s", s.Server, a.user, identity, known)
				s.Names, a.another = nil, true // Those of somebody else.
				if !a.fetched {
					a.orphan, s.Keychain, s.PasswordCommand = s.Keychain, false, nil
				}
			}
			mine = slices.Insert(mine, 0, s)
		case same && likewise, s.ID == a.last.ID && (same || !both):
			mine = append(mine, s)
		}
	}
	if i := slices.IndexFunc(mine, func(s tokens.Session) bool { return s.Keychain }); i > 0 {
		mine[0], mine[i] = mine[i], mine[0]
	}
	return mine
}

// joined returns the session of a login: the first of its account's sessions goes on, with what the others know, or a new one begins.
func (a *attempt) joined(identity string, mine []tokens.Session) tokens.Session {
	s := tokens.Session{Server: a.site.Address.String(), User: a.user, Method: Name, Trust: a.site.Trust()}
	if len(mine) > 0 {
		s.User, s.Keychain, s.Identity = mine[0].User, mine[0].Keychain, mine[0].Identity
	}
	if identity != "" {
		s.Identity = identity
	}
	if s.User != a.user {
		s.Login = a.user
	}
	s.ID, s.Account = tokens.SessionID(s.Server, s.User), tokens.HostAccount(tokens.Key{Server: s.Server, User: s.User})
	names := []string{s.User}
	for _, old := range mine {
		names = append(append(names, old.User), old.Names...)
		s.TokenFiles = append(s.TokenFiles, old.TokenFiles...)
		if len(s.PasswordCommand) == 0 {
			s.PasswordCommand = old.PasswordCommand
		}
	}
	s.Names = distinct(append(names, a.user))
	return s
}

// distinct returns each name once, or nothing if there is only one.
func distinct(names []string) (all []string) {
	for _, name := range names {
		if !slices.ContainsFunc(all, func(n string) bool { return tokens.Fold(n) == tokens.Fold(name) }) {
			all = append(all, name)
		}
	}
	if len(all) == 1 {
		return nil
	}
	return all[max(0, len(all)-maxNames):]
}

// leave removes the sessions that have been joined to another one.
func (a *attempt) leave(ctx context.Context, into tokens.Session, mine []tokens.Session) error {
	for _, s := range mine {
		if s.ID == into.ID {
			continue
		}
		if s.Keychain {
			a.Sessions.ForgetPassword(ctx, s)
		}
		if err := a.Sessions.Store.DeleteSession(s.ID); err != nil {
			return err
		}
	}
	return nil
}

// takeName takes the name of the login away from the Supervisor's other sessions: it is no longer that of their users.
func (a *attempt) takeName(mine []tokens.Session) error {
	is := func(name string) bool { return tokens.Fold(name) == tokens.Fold(a.user) }
	for _, s := range a.sessions(a.site.Address.String()) {
		if is(s.User) || !s.Typed(a.user) || slices.ContainsFunc(mine, func(m tokens.Session) bool { return m.ID == s.ID }) {
			continue
		}
		s.Names = slices.DeleteFunc(s.Names, is)
		if is(s.Login) {
			s.Login = ""
		}
		if _, err := a.Sessions.Store.UpdateSession(s); err != nil {
			return err
		}
	}
	return nil
}
