package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"k8s.io/client-go/rest"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// Options are a login of a service. One of Password and Issuer is needed.
type Options struct {
	// Server is the address of the Supervisor. With Issuer, it is that of an API server.
	Server string
	// Trust says how the server is verified.
	Trust Trust
	// Password logs in with vCenter Single Sign-On.
	Password *Password
	// Issuer logs in to an API server that trusts an OpenID Connect issuer.
	Issuer *Issuer
	// Refusals is a directory that remembers refused passwords for the next process, such as a volume that outlives the
	// container. Empty: this process alone remembers them. A container that is restarted with a wrong password again and
	// again locks the account then.
	Refusals string
	// Logger gets notes and warnings; nil: nobody does.
	Logger *slog.Logger
}

// Trust says how a server is verified. Exactly one field must be set.
type Trust struct {
	CA          []byte // PEM: the CAs that may have signed its certificate
	Fingerprint string // SHA-256 of its CA, in hex, which the server must show beside its certificate
	System      bool   // the roots of the system
}

// Password is a user of vCenter with the password.
type Password struct {
	User     string // as in dev@vsphere.local
	Password Source
}

// Issuer is how a service gets a token of an OpenID Connect issuer without a person. One of Token and Secret is needed.
type Issuer struct {
	// Token gets an ID token that something else renews, such as that of a CI job or a ServiceAccount.
	Token Source

	// URL is the issuer whose token endpoint gives Client a token for Secret (RFC 6749, section 4.4).
	URL    string
	Client string
	Secret Source
	Trust  Trust // of the issuer; the zero value: the roots of the system
	Scopes []string
	Params map[string]string // further parameters, such as audience
	// Hosts are other servers than the issuer's that may have its token endpoint: HOST or HOST:PORT.
	Hosts []string
}

// Login logs a service in, and returns its session at the Supervisor. See Session.Cluster for clusters. Nothing is stored,
// but for refusals. A refused password is not sent again for five minutes, and after four refusals in that time none is
// sent: vCenter locks an account at five. The errors are of kind ErrRefused, ErrUnavailable and ErrUntrusted.
func Login(ctx context.Context, o Options) (*Session, error) {
	return o.login(ctx, silent(o.Logger), processMarks)
}

func (o Options) login(ctx context.Context, e *console.Env, here *memory) (*Session, error) {
	contact, err := o.contact(e)
	if err != nil {
		return nil, err
	}
	marks, err := o.marks(here)
	if err != nil {
		return nil, explained(err, nil)
	}
	at, err := contact.Open(ctx)
	if err != nil {
		return nil, explained(err, nil)
	}
	var s *Session
	if o.Issuer != nil {
		s, err = issuerLogin{at, e, marks, *o.Issuer}.session(ctx)
	} else {
		s, err = (&passwordLogin{site: at, env: e, marks: marks, Password: *o.Password}).session(ctx)
	}
	return s, explained(err, nil)
}

// contact checks the options, and returns the first contact.
func (o Options) contact(e *console.Env) (site.Contact, error) {
	address, err := supervisor.ParseTyped(o.Server)
	if err != nil {
		return site.Contact{}, fmt.Errorf("Options.Server: %w", err)
	}
	switch {
	case (o.Password == nil) == (o.Issuer == nil):
		return site.Contact{}, errors.New("one of Options.Password and Options.Issuer is needed")
	case o.Password != nil && (o.Password.User == "" || o.Password.Password == nil):
		return site.Contact{}, errors.New("Options.Password needs a user and a source of the password")
	}
	c := site.Contact{Env: e, Server: address, API: o.Issuer != nil}
	if o.Issuer != nil {
		if err := o.Issuer.check(); err != nil {
			return site.Contact{}, err
		}
	}
	if err := o.Trust.check(); err != nil {
		return site.Contact{}, fmt.Errorf("Options.Trust: %w", err)
	}
	if o.Trust.Fingerprint != "" {
		fingerprint, err := trust.ParseFingerprint(o.Trust.Fingerprint)
		c.Flags.CAFingerprints = []string{fingerprint}
		if err != nil {
			return c, fmt.Errorf("Options.Trust.Fingerprint: %w", err)
		}
		return c, nil
	}
	c.Last, err = o.Trust.mode()
	if err != nil {
		return c, fmt.Errorf("Options.Trust.CA: %w", err)
	}
	return c, nil
}

// check returns an error unless exactly one field is set.
func (t Trust) check() error {
	set := 0
	for _, given := range []bool{len(t.CA) > 0, t.Fingerprint != "", t.System} {
		if given {
			set++
		}
	}
	if set != 1 {
		return errors.New("say how the server is verified: by a CA, by a fingerprint, or by the roots of the system")
	}
	return nil
}

// mode returns the trust in a CA or in the system's roots.
func (t Trust) mode() (trust.Trust, error) {
	if t.System {
		return trust.Trust{Mode: trust.System}, nil
	}
	ca, err := trust.Roots(t.CA)
	return trust.Trust{Mode: trust.Bundle, CA: string(ca)}, err
}

// apiServer is an API server that a login found.
type apiServer struct {
	url  string
	ca   []byte // PEM; empty: the system's roots
	key  tokens.Key
	kind disclose.Kind
}

// session returns the session of an API server with a credential of its own.
func (a apiServer) session(e *console.Env, first tokens.Credential, mint func(context.Context) (tokens.Credential, error)) *Session {
	s := &Session{
		config: rest.Config{Host: a.url, TLSClientConfig: rest.TLSClientConfig{CAData: a.ca}, Dial: e.Dial}, key: a.key, kind: a.kind, ground: a.ground(),
		source: &renewing{held: first, now: e.Now, mint: func(ctx context.Context, _ bool) (tokens.Credential, error) { return mint(ctx) }},
	}
	return s
}

// ground is that of the one server that gets the credential: the Supervisor named it, or the caller did.
func (a apiServer) ground() disclose.Ground {
	if a.kind == disclose.ClusterToken {
		return disclose.ClusterAt(a.url)
	}
	return disclose.APIServerAt(a.url)
}
