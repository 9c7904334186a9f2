package logincmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method/federated"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method/password"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// method decides the login method, and prints which and why. A user name or a password means vCenter Single Sign-On: the Supervisor is
// not asked for its identity provider then.
func (r *run) method(ctx context.Context, s site.Site) (session.Method, error) {
	sessions := method.Sessions(r.env, r.store)
	sso, provider := &password.Method{Sessions: sessions}, &federated.Method{Sessions: sessions, Options: r.o.Provider}
	if r.o.Provider.Issuer.Plain() {
		return provider, r.plainConflicts()
	}
	why := passwordReason(r.env, r.o)
	switch {
	case r.o.Method == Auto && why != "" && r.ofProvider():
		return nil, failure.Usagef("%s is given, and the last login was by the identity provider: to say whose password it is, add --auth-method sso (vCenter Single Sign-On) or --auth-method oidc", why)
	case r.o.Method == Auto && why != "":
		other := ""
		if r.lastIssuer() != "" { // Else nobody here has used one, and a refusal says more.
			other = " For the identity provider: --auth-method oidc."
		}
		r.env.Tellf("Logging in with vCenter Single Sign-On, since %s is given.%s", why, other)
		return implied{sso}, nil
	case r.o.Method == password.Name:
		return sso, nil
	}
	var err error
	provider.Options.Identity, err = s.Front().Identity(ctx)
	switch {
	case errors.Is(err, supervisor.ErrNoIdentity):
		return sso, r.withoutIssuer(ctx, err)
	case err == nil && r.o.Method == Auto:
		r.env.Tellf("Logging in by the identity provider of this Supervisor. For vCenter Single Sign-On give -u USER or --auth-method sso.")
	}
	if err == nil && r.o.StaticTokens {
		err = errStatic
	}
	return provider, err
}

// implied is vCenter Single Sign-On where nobody named the method: the password may be that of an identity provider.
type implied struct{ *password.Method }

// Login adds to a refusal that the Supervisor has an identity provider too, if it has.
func (m implied) Login(ctx context.Context, s site.Site, r session.Request) (session.Outcome, error) {
	out, err := m.Method.Login(ctx, s, r)
	if !errors.Is(err, wire.ErrRefused) {
		return out, err
	}
	if _, none := s.Front().Identity(ctx); none == nil {
		err = failure.Hint(err, "%s\nThis Supervisor has an identity provider too. If the password is for that, add: --auth-method oidc", safetext.Lines(failure.NextStep(err)))
	}
	return out, err
}

var errStatic = failure.Usagef("--static-tokens and --kubeconfig - are for vCenter Single Sign-On: credentials of an identity provider's session are valid for minutes")

func (r *run) plainConflicts() error {
	if r.o.Set.APIPort {
		return failure.Usagef("--api-port is for a Supervisor; an API server without one is at the port of --server")
	}
	if r.o.StaticTokens || r.o.Wait > 0 {
		return failure.Usagef("--static-tokens and --kubeconfig - are for vCenter Single Sign-On, and --wait is for a Supervisor")
	}
	return nil
}

// passwordReason returns what on the command line or in the environment means vCenter Single Sign-On, or "".
func passwordReason(e *console.Env, o Options) string {
	switch {
	case o.User != "":
		return "-u"
	case e.Getenv(failure.PasswordVariable) != "":
		return failure.PasswordVariable
	case o.Passwords.Stdin, len(o.Passwords.Command) > 0:
		return "a password"
	}
	return ""
}

// ofProvider reports whether a user name or password without a method is more likely the identity provider's: the last login of that user
// at this Supervisor was by it, or, without a user name, each login was, and one with a password. Such a password must not go to vCenter.
func (r *run) ofProvider() bool {
	user, withPassword := r.o.User, false
	if user == "" {
		user = session.NamedUser(r.env)
	}
	sessions := r.store.SessionsAt(r.o.Server.String())
	if len(sessions) == 0 && r.o.User == "" { // After a logout: somebody has logged in by the provider, and maybe with a password.
		return r.known.Issuer != ""
	}
	for _, s := range sessions {
		named := user != "" && s.Called(user)
		if user != "" && !named {
			continue
		}
		kept, err := federated.Parse(s)
		if err != nil || kept.Plain {
			return false
		}
		withPassword = withPassword || named || federated.Flow(kept.Flow) == federated.Password
	}
	return withPassword
}

// withoutIssuer returns nil if a login at a Supervisor without an identity provider may ask for the vCenter password. If the Supervisor
// had one at an earlier login, somebody may be after that password: a person must agree, or the command line must name the method.
func (r *run) withoutIssuer(ctx context.Context, none error) error {
	had := r.lastIssuer()
	switch {
	case had == "" && r.o.Method == federated.Name:
		return failure.Hint(none, "Log in with vCenter Single Sign-On: --auth-method sso -u USER.")
	case had == "":
		r.env.Tellf("Logging in with vCenter Single Sign-On: this Supervisor has no external identity provider.")
		return nil
	case r.o.Method == federated.Name:
		return failure.Hint(lostIssuer(r.o.Server, had), "Ask your vSphere administrator whether the identity provider was removed.")
	case r.env.Terminal == nil:
		return failure.Hint(lostIssuer(r.o.Server, had), "Ask your vSphere administrator. To log in with vCenter Single Sign-On, add: --auth-method sso")
	}
	r.env.Tellf("WARNING: %v.\nIf you go on, %s gets your vCenter password.", lostIssuer(r.o.Server, had), r.o.Server)
	yes, err := r.env.Confirm(ctx, "Log in with vCenter Single Sign-On?")
	if err == nil && !yes {
		err = errors.New("you did not log in")
	}
	r.lost = err == nil
	return err
}

func lostIssuer(server supervisor.Address, had string) error {
	return fmt.Errorf("%s used the identity provider at %s at an earlier login, and says that it has none now", server, safetext.Line(had, 300))
}

// lastIssuer returns the issuer of the last login by an identity provider at this Supervisor, or "". What a login that verified nothing left
// counts only if no other one was there.
func (r *run) lastIssuer() string {
	if r.known.Known() || r.known.Issuer != "" {
		return r.known.Issuer
	}
	for _, s := range r.store.SessionsAt(r.o.Server.String()) {
		if kept, err := federated.Parse(s); err == nil && !kept.Plain {
			return kept.Provider.Issuer
		}
	}
	return ""
}
