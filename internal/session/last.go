package session

import (
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// ServersOf returns the HOST:PORT of canonical addresses, as pins name servers.
func ServersOf(addresses []string) (all []string) {
	for _, address := range addresses {
		if a, err := supervisor.ParseAddress(address); err == nil {
			all = append(all, trust.ServerOf(a.HostPort()))
		}
	}
	return all
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
