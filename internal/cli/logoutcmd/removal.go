package logoutcmd

import (
	"net"
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/username"
)

// Scope selects the sessions that end. An empty field selects all.
type Scope struct {
	Server, User string
	ForgetServer bool // and how their servers are verified
}

func (s Scope) everything() bool { return s.Server == "" && s.User == "" }

// selects returns those of all sessions that end.
func (s Scope) selects(all []tokens.Session) []tokens.Session {
	at := slices.DeleteFunc(slices.Clone(all), func(of tokens.Session) bool { return s.Server != "" && s.Server != of.Server })
	return session.Named(at, s.User)
}

// has reports whether to remove a credential that has no session.
func (s Scope) has(key tokens.Key) bool {
	return (s.Server == "" || s.Server == key.Server) && (s.User == "" || username.Same(s.User, key.User))
}

// removal is what a logout removes.
type removal struct {
	scope     Scope
	ended     []tokens.Session
	remaining []tokens.Session
	keys      []tokens.Key

	unreadable []error // files of the store whose user is not known
}

// removal finds the sessions in scope, and the credentials that no other session needs.
func (s Scope) removal(store *tokens.Store) removal {
	r := removal{scope: s}
	all, unreadable := store.Sessions()
	r.unreadable = unreadable
	r.ended = s.selects(all)
	r.remaining = slices.DeleteFunc(all, func(of tokens.Session) bool { return isOneOf(r.ended, of) })
	credentials, unreadable := store.Credentials()
	r.unreadable = append(r.unreadable, unreadable...)
	for _, c := range credentials {
		if r.covers(c.Key) {
			r.keys = append(r.keys, c.Key)
		}
	}
	return r
}

// covers reports whether to remove a credential: a session that ends covers it, and no session that remains does.
func (r removal) covers(key tokens.Key) bool {
	if r.scope.everything() {
		return true
	}
	covering := tokens.Covering(slices.Concat(r.ended, r.remaining), key)
	if slices.ContainsFunc(covering, func(s tokens.Session) bool { return isOneOf(r.remaining, s) }) {
		return false
	}
	return len(covering) > 0 || r.scope.has(key)
}

func isOneOf(sessions []tokens.Session, s tokens.Session) bool {
	return slices.ContainsFunc(sessions, func(other tokens.Session) bool { return other.ID == s.ID })
}

// owns reports whether to remove a user entry from the kubeconfig, or, if u is nil, a context whose user entry with this name is gone.
func (r removal) owns(name string, u *api.AuthInfo) bool {
	if u == nil {
		return slices.ContainsFunc(r.ended, func(s tokens.Session) bool { return r.named(name, s) })
	}
	key, ours := kubeconfig.Ours(u)
	return ours && r.covers(key)
}

// named reports whether a user entry of a session had this name, wcp:HOST:USER. HOST may be a cluster's, which no session names: then it
// is taken for one only if all sessions end.
func (r removal) named(name string, s tokens.Session) bool {
	host, ours := cutUser(tokens.Fold(name), s)
	host = strings.TrimPrefix(host, "wcp:")
	return ours && (r.scope.everything() || slices.ContainsFunc(append(s.Hosts, s.Server), func(server string) bool {
		address, err := supervisor.ParseAddress(server)
		return err == nil && (host == address.Host || strings.HasPrefix(host, net.JoinHostPort(address.Host, "")))
	}))
}

// cutUser removes a spelling of a session's user from the end of a name.
func cutUser(name string, s tokens.Session) (host string, found bool) {
	for _, user := range s.Spellings() {
		if host, found = strings.CutSuffix(name, ":"+tokens.Fold(user)); found {
			return host, true
		}
	}
	return name, false
}

// endsRegistry reports whether a registry uses a session that ends.
func (r removal) endsRegistry(record registry.Record) bool {
	owner, found := registryaccess.Owner(slices.Concat(r.ended, r.remaining), record)
	return r.scope.everything() || found && isOneOf(r.ended, owner)
}

// clear removes the credentials and sessions from the store. A logout without flags also removes files that cannot be read.
func (r removal) clear(store *tokens.Store) error {
	if r.scope.everything() {
		return store.Clear()
	}
	for _, key := range r.keys {
		if err := store.DeleteCredential(key); err != nil {
			return err
		}
	}
	for _, s := range r.ended {
		if err := store.DeleteSession(s.ID); err != nil {
			return err
		}
	}
	return nil
}
