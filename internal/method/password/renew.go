package password

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/sso"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/username"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Renew returns a fresh credential. The password comes from the session's sources, or a person types it. A typed password also renews the
// session's other credentials that are due.
func (m *Method) Renew(ctx context.Context, r session.Renewal) (tokens.Credential, error) {
	s := r.Session
	w, err := site.Client(m.Sessions.Env, s.Trust, supervisor.Aliases(s.Aliases).Reach)
	if err != nil {
		return tokens.Credential{}, err
	}
	var fresh tokens.Credential
	var typed bool
	as := sender{w, s.LoginName(), s.Identity}
	guard := m.Sessions.Guard(s.Account, s.LoginName())
	err = guard.Send(ctx, m.Sessions.RenewalSources(s, r.Question()),
		func(ctx context.Context, password redact.Secret, from secret.Source) error {
			var err error
			if typed = from.Kind == secret.Typed; typed {
				ctx = disclose.Attended(ctx) // The prompt says if the server is not verified.
			}
			held := session.GroundOf(s).Hold(disclose.Password, password)
			if fresh, err = as.mint(ctx, r.Key, held); err == nil && typed {
				guard.Refused(m.renewDue(ctx, as, r, held))
			}
			if errors.Is(err, sso.ErrUnknownCluster) {
				err = &secret.ProvedError{Err: err}
			}
			return err
		})
	var refused *secret.RefusedError
	err = m.renewError(err, r)
	if typed && errors.As(err, &refused) {
		err = failure.Quiet(err, m.Command(s))
	}
	return fresh, err
}

// sender logs in with the name that goes with a session's password.
type sender struct {
	wire     *wire.Client
	name     string
	identity string // of the session; empty: not known
}

// anotherError is a name that has become somebody else's since the login: the site may have another default domain. The contexts are not theirs.
type anotherError struct{ Server, Name, Identity string }

func (e *anotherError) Error() string {
	return fmt.Sprintf("%s calls %s %s now", e.Server, e.Name, e.Identity)
}

// mint is login.Mint. The key says whose credential it is, however the name is spelled that is sent.
func (s sender) mint(ctx context.Context, key tokens.Key, password disclose.Secret) (tokens.Credential, error) {
	sent := key
	sent.User = s.name
	c, _, err := login.Mint(ctx, s.wire, sent, password)
	if now := claimed(s.name, c.Token); err == nil && s.identity != "" && now != "" && !username.Same(now, s.identity) {
		err = &secret.ProvedError{Err: &anotherError{key.Server, s.name, now}}
	}
	c.Key = key
	return c, err
}

// renewError says why there is no fresh credential.
func (m *Method) renewError(err error, r session.Renewal) error {
	var none *secret.NoPasswordError
	var refused *secret.RefusedError
	var another *anotherError
	switch {
	case errors.As(err, &another):
		return ended(r, another.Error())
	case errors.As(err, &none) && len(none.Reasons) == 0, errors.Is(err, secret.ErrNoTerminal):
		return ended(r, "")
	case errors.As(err, &none):
		required := ended(r, none.Error())
		required.Err = none
		return required
	case errors.Is(err, secret.ErrEmpty):
		return ended(r, "no password was typed")
	case errors.Is(err, sso.ErrUnknownCluster):
		return failure.Hint(fmt.Errorf("%w: %s", err, r.Key.Cluster), "Check its name. If it no longer exists, remove its context; type: %s --prune", m.Command(r.Session))
	case errors.As(err, &refused):
		return failure.Password{User: r.Session.LoginName()}.Explain(err)
	}
	return err
}

// dueTime bounds the renewal of other credentials: kubectl is waiting.
const dueTime = 3 * time.Second

// renewDue renews the session's other credentials that are due, so that the next context does not ask for the password. It ignores
// failures: those credentials are renewed later. It returns how often the password was refused, or got no clear answer from a host. A host
// takes one request before others run in parallel: that another one took the password proves nothing about it.
func (m *Method) renewDue(ctx context.Context, as sender, r session.Renewal, password disclose.Secret) int {
	ctx, cancel := context.WithTimeout(ctx, dueTime)
	defer cancel()
	mint := func(ctx context.Context, key tokens.Key) error {
		c, err := as.mint(ctx, key, password)
		if err == nil {
			c.Session = r.Session.ID
			_ = m.Sessions.Store.SaveCredential(c)
		}
		return err
	}
	due := slices.DeleteFunc(m.Sessions.Store.Due(r.Session, m.Sessions.Env.Now()), r.Key.Same)
	took := map[string]bool{r.Key.Server: true} // whether a host took the password
	var refusals atomic.Int32
	for i, key := range due {
		if _, asked := took[key.Server]; asked || refusals.Load() > 0 {
			continue
		}
		watched, watch := trust.Watching(ctx)
		err := mint(watched, key)
		took[key.Server] = err == nil || errors.Is(err, sso.ErrUnknownCluster)
		if !took[key.Server] && !watch.Unsent() {
			refusals.Add(1)
		}
		due[i] = r.Key // It is done.
	}
	var group errgroup.Group
	group.SetLimit(login.MaxInFlight)
	for _, key := range due {
		if !took[key.Server] || key.Same(r.Key) {
			continue
		}
		group.Go(func() error {
			if errors.Is(mint(ctx, key), wire.ErrRefused) {
				refusals.Add(1)
				cancel()
			}
			return nil
		})
	}
	_ = group.Wait()
	return int(refusals.Load())
}
