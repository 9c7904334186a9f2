package session

import (
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// LastTrust is that of the last login to a Supervisor, whoever that was, or the system's roots. A login without verification says
// nothing.
func LastTrust(store *tokens.Store, server string) trust.Trust {
	t := trust.Trust{Mode: trust.System}
	for _, s := range store.SessionsAt(server) {
		if s.Trust.Mode == trust.Insecure {
			continue
		}
		if t = s.Trust; t.Mode != trust.System {
			break
		}
	}
	return t
}

// LastAliases are those of the last login to a Supervisor.
func LastAliases(store *tokens.Store, server string) supervisor.Aliases {
	for _, s := range store.SessionsAt(server) {
		if len(s.Aliases) > 0 {
			return s.Aliases
		}
	}
	return nil
}

// Last is the session of a user at a Supervisor as the last login by a method left it, or the beginning of one. Where a password is
// was recorded for one method: another one does not take it over.
func Last(store *tokens.Store, key tokens.Key, method string) tokens.Session {
	last, found := store.Session(key.Server, key.User)
	if !found {
		return tokens.Session{User: key.User, Account: tokens.HostAccount(key)}
	}
	if last.Method != method {
		last.PasswordCommand, last.Keychain, last.Account = nil, false, tokens.HostAccount(key)
	}
	return last
}
