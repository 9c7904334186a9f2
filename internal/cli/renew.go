package cli

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/hit"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

const interactiveVariable = "KUBECTL_VSPHERE_INTERACTIVE"

// renewal renews a credential by asking for the password, once for each command of the user.
type renewal struct {
	*App
	store *tokens.Store
	force bool // the stored token may still be good
}

// renew is a tokens.Renew. It runs under the account's lock.
func (r *renewal) renew(ctx context.Context, s tokens.Session, key hit.Key) (tokens.Credential, error) {
	parent := secret.ParentProcess()
	if mark := r.store.Mark(s.Account); mark.Blocks(parent.PID, parent.Start, r.Now()) {
		return tokens.Credential{}, r.ended(s, mark.Reason)
	}
	if !r.mayAsk() {
		return tokens.Credential{}, r.ended(s, "")
	}
	if s.Trust.Mode == trust.Insecure {
		r.warnInsecure(s.Server)
	}
	password, err := r.prompter().Password(ctx, r.question(s))
	if err != nil {
		return tokens.Credential{}, r.declined(s, parent, err)
	}
	w, err := r.wireClient(s.Trust)
	if err != nil {
		return tokens.Credential{}, err
	}
	fresh, _, err := login.Mint(ctx, w, key, password)
	if errors.Is(err, wire.ErrRefused) {
		r.mark(s, parent, "the password was refused a moment ago")
		return fresh, loginError(err, s.User)
	}
	if err != nil {
		return fresh, err
	}
	if err := r.store.ClearMark(s.Account); err != nil {
		return fresh, err
	}
	r.renewOthers(ctx, w, s, key, password)
	return fresh, nil
}

// mayAsk tells whether there is somebody to ask: client-go says so, or a person runs the command by hand.
func (r *renewal) mayAsk() bool {
	if r.Terminal == nil || r.Getenv(interactiveVariable) == "never" {
		return false
	}
	info, err := hit.ParseExecInfo(r.Getenv(hit.ExecInfoVariable))
	return err == nil && (info.Interactive || !info.Asked)
}

// declined words a prompt that gave nothing, and keeps the next four calls of the same kubectl quiet.
func (r *renewal) declined(s tokens.Session, parent secret.Parent, err error) error {
	switch {
	case errors.Is(err, secret.ErrNoTerminal):
		return r.ended(s, "")
	case errors.Is(err, secret.ErrCancelled):
		r.mark(s, parent, "the password prompt was cancelled a moment ago")
	case errors.Is(err, secret.ErrEmpty):
		r.mark(s, parent, "no password was typed a moment ago")
		return r.ended(s, "no password was typed")
	}
	return err
}

func (r *renewal) mark(s tokens.Session, parent secret.Parent, reason string) {
	err := r.store.SetMark(s.Account, tokens.Mark{Time: r.Now(), ParentPID: parent.PID, ParentStart: parent.Start, Reason: reason})
	if err != nil {
		fmt.Fprintf(r.ErrOut, "warning: %v\n", err)
	}
}

func (r *renewal) question(s tokens.Session) string {
	if r.force {
		return fmt.Sprintf("A new token from %s. Password of %s: ", s.Server, s.User)
	}
	return fmt.Sprintf("The session at %s has ended. Password of %s: ", s.Server, s.User)
}

// ended is a session that only a login brings back.
func (r *renewal) ended(s tokens.Session, why string) error {
	reason := fmt.Sprintf("the session of %s at %s has ended", s.User, s.Server)
	if r.force {
		reason = fmt.Sprintf("a new token for %s at %s needs the password", s.User, s.Server)
	}
	if why != "" {
		reason += " and " + why
	}
	return &tokens.LoginRequiredError{Server: s.Server, User: s.User, Reason: reason}
}

// othersTime bounds what a typed password renews beyond what was asked: kubectl is waiting.
const othersTime = 3 * time.Second

// renewOthers uses the password while it is at hand for the session's other credentials that are due, so that the
// next context does not ask again. What fails is simply due later.
func (r *renewal) renewOthers(ctx context.Context, w *wire.Client, s tokens.Session, asked hit.Key, password redact.Secret) {
	ctx, cancel := context.WithTimeout(ctx, othersTime)
	defer cancel()
	var group errgroup.Group
	group.SetLimit(login.MaxInFlight)
	var stop sync.Once
	for _, key := range r.store.Due(s, r.Now()) {
		if key.Same(asked) {
			continue
		}
		group.Go(func() error {
			c, _, err := login.Mint(ctx, w, key, password)
			if errors.Is(err, wire.ErrRefused) {
				stop.Do(cancel)
			}
			if err == nil {
				c.Session = s.ID
				err = r.store.SaveCredential(c)
			}
			return err
		})
	}
	_ = group.Wait()
}
