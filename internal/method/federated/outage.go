package federated

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// paused implements login.Federated.Paused with what is stored: another process may have asked.
func (l *live) paused() error {
	if o := l.Sessions.Store.Outage(l.session.ID); o.Holds(l.Sessions.Env.Now()) {
		return &login.OutageError{Outage: o}
	}
	return nil
}

// outage implements login.Federated.Outage.
func (l *live) outage(err error) error {
	store := l.Sessions.Store
	var later *oidc.RefreshError
	refused := errors.As(err, &later) && later.Refuses()
	o := store.Outage(l.session.ID).Again(l.Sessions.Env.Now(), wire.Wait(err), refused, rand.Float64()) //nolint:gosec // Nobody gains by a guess.
	o.Reason = err.Error()
	if l.session.ID != "" && !l.dryRun {
		if err := store.SetOutage(l.session.ID, o); err != nil {
			l.Sessions.Env.Warn(err)
		}
	}
	return &login.OutageError{Outage: o, Asked: true}
}

// well implements login.Federated.Well.
func (l *live) well() {
	if err := l.Sessions.Store.EndOutage(l.session.ID); err != nil {
		l.Sessions.Env.Warn(err)
	}
}

// ended turns the end of a session into a *tokens.LoginRequiredError, and says of an outage since when it lasts. Other errors, and nil, are
// returned as they are.
func (l *live) ended(r session.Renewal, err error) error {
	var over *login.EndedError
	var out *login.OutageError
	switch {
	case errors.As(err, &over):
		why := ""
		if !errors.Is(over, oidc.ErrNoRefresh) {
			why = "the identity provider does not renew it: " + over.Error()
		}
		required := session.Ended(r, "a login", why)
		required.Err = over
		return required
	case errors.As(err, &out):
		return l.sayOutage(out)
	}
	return err
}

// sayOutage says since when and why a session is not renewed, and what helps. A login helps if the identity provider has ended the session, of
// which an issuer does not say more than of a provider that is down.
func (l *live) sayOutage(out *login.OutageError) error {
	env, since := l.Sessions.Env, ""
	if !out.Asked || out.Tries > 1 {
		since = " since " + env.Until(out.Since)
	}
	err := fmt.Errorf("the identity provider has not renewed the session of %s at %s%s: %w", l.session.User, l.session.Server, since, out)
	step := fmt.Sprintf("The session stays. The next try is at %s at the earliest.", env.Until(out.Next))
	if out.Refused {
		step += " If it takes long, log in again: " + l.Command(l.session)
	}
	return failure.Hint(err, "%s", step)
}
