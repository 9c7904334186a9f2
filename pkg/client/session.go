package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/oauth2"
	"k8s.io/client-go/rest"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Session is one account at one API server. Several goroutines may use it.
type Session struct {
	config rest.Config // without a credential
	key    tokens.Key
	source *renewing
	ground disclose.Ground // of the API server
	kind   disclose.Kind
	step   func(error) string // see explained
	// namespace is that of the context; empty: none.
	namespace string
	// cluster returns the session of the same account at a cluster; nil: there are none.
	cluster func(ctx context.Context, name string) (*Session, error)
}

// String names the account and the API server. It holds no secret.
func (s *Session) String() string {
	if s.key.Cluster != "" {
		return fmt.Sprintf("%s at %s of %s", s.key.User, s.key.Cluster, s.key.Server)
	}
	return fmt.Sprintf("%s at %s", s.key.User, s.key.Server)
}

// GoString is String.
func (s *Session) GoString() string { return s.String() }

// User returns the name of the user.
func (s *Session) User() string { return s.key.User }

// Namespace returns the namespace of the session's context, or "".
func (s *Session) Namespace() string { return s.namespace }

// Config returns a configuration for client-go. It holds no credential: each request gets the present one, and a request
// that the API server refuses (401) is sent once more with a new one. The caller may change what it does not need: QPS,
// timeouts, the user agent. A Wrap that the caller adds is around it.
//
// The credential goes to the session's API server only. A configuration that the caller makes insecure sends nothing. If the
// credential is a certificate, upgraded connections (exec, attach, port-forward) do not have it.
func (s *Session) Config() *rest.Config {
	config := rest.CopyConfig(&s.config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return &transport{Session: s, next: next} })
	return config
}

// Credential returns the present credential, renewed if it has ended.
func (s *Session) Credential(ctx context.Context) (Credential, error) {
	c, err := s.source.get(ctx)
	if err != nil {
		return Credential{}, explained(err, s.step)
	}
	return credentialOf(c), nil
}

// ErrNoToken is the error of a TokenSource whose session has a certificate.
var ErrNoToken = errors.New("the credential of the session is a certificate and no token")

// TokenSource returns a source of the session's token. ctx is for all of its calls. Whoever has the token decides to which
// servers it goes: prefer Config.
func (s *Session) TokenSource(ctx context.Context) oauth2.TokenSource {
	return tokenSource{ctx, s}
}

type tokenSource struct {
	ctx context.Context // oauth2.TokenSource takes none
	*Session
}

// Token implements oauth2.TokenSource.
func (t tokenSource) Token() (*oauth2.Token, error) {
	c, err := t.Credential(t.ctx)
	if err != nil {
		return nil, err
	}
	if c.Token == "" {
		return nil, ErrNoToken
	}
	return &oauth2.Token{AccessToken: c.Token.Reveal(), TokenType: "Bearer", Expiry: c.Until}, nil
}

// Cluster returns a session of the same account at a TKG cluster, NAMESPACE/NAME.
func (s *Session) Cluster(ctx context.Context, name string) (*Session, error) {
	if s.cluster == nil {
		return nil, fmt.Errorf("%s is no Supervisor, and has no clusters", s.key.Server)
	}
	at, err := s.cluster(ctx, name)
	return at, explained(err, s.step)
}
