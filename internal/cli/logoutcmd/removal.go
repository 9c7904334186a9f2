package logoutcmd

import (
	"net"
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Scope selects the sessions that end. An empty field selects all.
type Scope struct {
	Server, User string
	ForgetServer bool // and how their servers are verified
}

func (s Scope) everything() bool { return s.Server == "" && s.User == "" }

func (s Scope) has(server, user string) bool {
	return (s.Server == "" || s.Server == server) && (s.User == "" || tokens.Fold(s.User) == tokens.Fold(user))
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
	for _, session := range all {
		if s.has(session.Server, session.User) {
			r.ended = append(r.ended, session)
		} else {
			r.remaining = append(r.remaining, session)
		}
	}
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
	covered := func(s tokens.Session) bool { return s.Covers(key) }
	if slices.ContainsFunc(r.remaining, covered) {
		return false
	}
	return slices.ContainsFunc(r.ended, covered) || r.scope.has(key.Server, key.User)
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
	host, ours := strings.CutSuffix(tokens.Fold(name), ":"+tokens.Fold(s.User))
	host = strings.TrimPrefix(host, "wcp:")
	return ours && (r.scope.everything() || slices.ContainsFunc(append(s.Hosts, s.Server), func(server string) bool {
		address, err := supervisor.ParseAddress(server)
		return err == nil && (host == address.Host || strings.HasPrefix(host, net.JoinHostPort(address.Host, "")))
	}))
}

// endsRegistry reports whether a registry uses a session that ends.
func (r removal) endsRegistry(record registry.Record) bool {
	return r.scope.everything() || slices.ContainsFunc(r.ended, func(s tokens.Session) bool { return record.For(s.Server, s.User) })
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
