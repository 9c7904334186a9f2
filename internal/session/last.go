package session

import (
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// LastTrust returns the trust of the last login to a Supervisor, by any user, else the system's roots. It skips logins without
// verification.
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

// LastAliases returns the aliases of the last login to a Supervisor that had any.
func LastAliases(store *tokens.Store, server string) supervisor.Aliases {
	for _, s := range store.SessionsAt(server) {
		if len(s.Aliases) > 0 {
			return s.Aliases
		}
	}
	return nil
}

// Last returns the session of a user at a Supervisor after the last login, or a new one. It drops password sources that were recorded
// for another login method. Its account is that of the server and the user.
func Last(store *tokens.Store, key tokens.Key, method string) tokens.Session {
	last, found := store.Session(key.Server, key.User)
	if !found {
		return tokens.Session{User: key.User, Account: tokens.HostAccount(key)}
	}
	if last.Method != method {
		last.PasswordCommand, last.Keychain = nil, false
	}
	last.Account = tokens.HostAccount(key) // Sessions of older versions have what a token said of itself.
	return last
}
