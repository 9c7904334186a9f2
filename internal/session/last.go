package session

import (
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// LastTrust returns the trust of the last login to a Supervisor, by any user, and the other control plane hosts that it verified
// (HOST:PORT). It skips logins without verification. Without a login it returns the zero Trust.
func LastTrust(store *tokens.Store, server string) (t trust.Trust, hosts []string) {
	for _, s := range store.SessionsAt(server) {
		if s.Trust.Mode == trust.Insecure {
			continue
		}
		t, hosts = s.Trust, nil
		for _, host := range s.Hosts {
			if a, err := supervisor.ParseAddress(host); err == nil {
				hosts = append(hosts, trust.ServerOf(a.HostPort()))
			}
		}
		if t.Mode == "" {
			t.Mode = trust.System
		}
		if t.Mode != trust.System {
			break
		}
	}
	return t, hosts
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
