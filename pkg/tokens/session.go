package tokens

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/order"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/username"
)

// Session is one account at one Supervisor: how it logs in, how the server is verified, how it is renewed. It holds no password.
type Session struct {
	Version int         `json:"version"`
	ID      string      `json:"id"`
	Server  string      `json:"server"`  // canonical address of the Supervisor
	User    string      `json:"user"`    // as typed, or as the identity provider calls the person
	Method  string      `json:"method"`  // "sso" or "oidc"
	Account string      `json:"account"` // what the lock is for, and who was asked: the server or issuer that gets the secrets, and the user
	Trust   trust.Trust `json:"trust"`
	Hosts   []string    `json:"hosts"` // canonical addresses of the control plane hosts it covers
	// Login is the name that goes with the password, if the identity provider calls the person otherwise. It is never what an issuer said.
	Login string `json:"login,omitempty"`
	// Names are all names with which a person has logged in to the session, if there are several: spellings of one account.
	Names []string `json:"names,omitempty"`
	// Identity is what a vCenter's token calls the user, with the domain, if that may be a spelling of the name that was typed. Nobody
	// verifies tokens here: it joins spellings at this server, and decides about no secret.
	Identity string `json:"identity,omitempty"`
	// Aliases are other addresses of servers (supervisor.Aliases).
	Aliases map[string]string `json:"aliases,omitempty"`
	// The password sources for renewals without a person.
	PasswordCommand []string `json:"passwordCommand,omitempty"` // an absolute path and arguments
	Keychain        bool     `json:"keychain,omitempty"`        // the password is in the OS keychain, as KeychainEntry

	// Renewal is what the login method needs to renew the session, as JSON that only the method reads. It holds secrets.
	Renewal redact.JSON `json:"renewal,omitempty"`
	// Ends is when a person must log in again; zero if that is not known.
	Ends time.Time `json:"ends,omitzero"`

	// The options of the last login, so that the next one can repeat it.
	Clusters      string   `json:"clusters,omitempty"`   // a selection as typed; empty: all
	Namespaces    []string `json:"namespaces,omitempty"` // named by a user who may not list them
	StaticTokens  bool     `json:"staticTokens,omitempty"`
	ContextPrefix string   `json:"contextPrefix,omitempty"`

	// TokenFiles are the kubeconfigs into which logins wrote tokens (absolute paths), so that a logout finds them.
	TokenFiles []string `json:"tokenFiles,omitempty"`

	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
}

// SessionID returns the ID of the session of a user at a Supervisor. It is also its file name, without extension.
func SessionID(server, user string) string { return hash(server + "\x00" + Fold(user)) }

// KeychainEntry returns the name of the session's password in the OS keychain. It does not use Account: in sessions of older versions
// that comes from the server, and a server that lies could get the password of another account.
func (s Session) KeychainEntry() string { return HostAccount(Key{Server: s.Server, User: s.User}) }

// HostAccount returns the account of a user at a server. It takes nothing from the server's tokens, which nobody verifies.
func HostAccount(key Key) string { return key.Server + " " + Fold(key.User) }

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

// LoginName returns the name that goes with the session's password.
func (s Session) LoginName() string { return cmp.Or(s.Login, s.User) }

// Typed reports whether a person logs in to the session with a name. Whose secret something is goes by that.
func (s Session) Typed(name string) bool {
	return Fold(name) == Fold(s.LoginName()) || slices.ContainsFunc(s.Names, func(n string) bool { return Fold(n) == Fold(name) })
}

// Called reports whether a name is one of the session's user at its server: User, one that a person typed, or a spelling of Identity.
func (s Session) Called(name string) bool {
	return Fold(name) == Fold(s.User) || s.Typed(name) || s.Identity != "" && username.Same(name, s.Identity)
}

// Covers reports whether a credential of key belongs to the session, however the key spells the user: see Covering.
func (s Session) Covers(key Key) bool {
	if s.Server == key.Server {
		return s.Called(key.User)
	}
	return slices.Contains(s.Hosts, key.Server) && s.typedAs(key.User)
}

// typedAs is Called without what the server claims: that says nothing about the names at another one.
func (s Session) typedAs(name string) bool {
	same := func(other string) bool { return s.Identity != "" && username.Same(name, other) }
	return Fold(name) == Fold(s.User) || s.Typed(name) || same(s.User) || same(s.LoginName()) || slices.ContainsFunc(s.Names, same)
}

// taken reports whether another session has this one's name of the user at the key's own server, and does not call that user as the key
// does: its credentials are somebody else's there.
func (s Session) taken(all []Session, key Key) bool {
	return s.Server != key.Server && slices.ContainsFunc(all, func(o Session) bool {
		return o.Server == key.Server && Fold(o.User) == Fold(s.User) && !o.Covers(key)
	})
}

// Spellings returns the names of the session's user: User, those that a person typed, and Identity in both its forms.
func (s Session) Spellings() []string {
	all := append([]string{s.User, s.LoginName()}, s.Names...)
	if name := username.Parse(s.Identity); name.Domain != "" {
		all = append(all, s.Identity, name.Domain+`\`+name.User)
	}
	return all
}

// Own returns a key that the session covers with the session's name of the user. Credentials are stored under that.
func (s Session) Own(key Key) Key {
	key.User = s.User
	return key
}

// Covering returns those of all sessions that a credential of key may belong to, sessions at its own server first. If one has the user's
// name as the key spells it, those that only call the user so as well do not count: it may be somebody else there.
func Covering(all []Session, key Key) (covering []Session) {
	byName := false
	for _, s := range all {
		named := Fold(s.User) == Fold(key.User)
		if !s.Covers(key) || byName && !named || s.taken(all, key) {
			continue
		}
		if named && !byName {
			covering, byName = nil, true
		}
		covering = append(covering, s)
	}
	elsewhere := func(s Session) int {
		if s.Server == key.Server {
			return 0
		}
		return 1
	}
	order.By(covering, func(a, b Session) int { return elsewhere(a) - elsewhere(b) })
	return covering
}
