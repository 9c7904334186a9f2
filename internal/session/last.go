package session

import (
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
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

// LastAPIPort returns the port of the API servers that the user named at the last login to a Supervisor; 0: none.
func LastAPIPort(store *tokens.Store, server string) int {
	for _, s := range store.SessionsAt(server) {
		for _, at := range s.APIPorts {
			if at.Reason == "" {
				return at.Port
			}
		}
		break // The latest decides: --api-port auto ends it.
	}
	return 0
}

// APIPorts are what a session remembers of the ports of API servers. given is the port that the user named; 0: none.
func APIPorts(hosts []login.Host, given int) map[string]tokens.APIPort {
	ports := map[string]tokens.APIPort{}
	for _, h := range hosts {
		switch {
		case given != 0:
			ports[h.Address.String()] = tokens.APIPort{Port: given}
		case h.Instead != nil:
			ports[h.Address.String()] = tokens.APIPort{Port: h.APIPort, Reason: safetext.Line(h.Instead.Error(), maxReason)}
		}
	}
	if len(ports) == 0 {
		return nil
	}
	return ports
}

// maxReason bounds the reason for a port, in characters.
const maxReason = 500

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
