package login

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// mintID returns the ID token itself, renewed, or as the runner provides it.
func (f *Federated) mintID(ctx context.Context, key tokens.Key) (tokens.Credential, error) {
	now := f.Issuer.Now()
	if f.Issuer.Unattended() {
		token, claims, err := f.Issuer.FromRunner(ctx, f.Getenv, f.SendSecret)
		if err == nil && !claims.Expiry.After(now) {
			err = fmt.Errorf("%w that is still good: it ended at %s", oidc.ErrNotProvided, claims.Expiry.UTC().Format(time.RFC3339))
		}
		if err == nil && tokens.Fold(claims.Username) != tokens.Fold(key.User) {
			err = fmt.Errorf("%w for %s: it is of %s", oidc.ErrNotProvided, key.User, claims.Username)
		}
		return tokens.Credential{Key: key, Token: token, Issued: now, Expires: claims.Expiry}, err
	}
	err := f.Locked(ctx, func() error {
		if f.Issuer.FreshID(now) && !f.Force {
			return nil
		}
		return f.unlessPaused(func() error { return f.renew(ctx) })
	})
	return tokens.Credential{Key: key, Token: f.Issuer.ID.Secret, Issued: now, Expires: f.Issuer.IDUntil}, err
}

// Locked calls do with the session as it is stored, while no other process changes it.
func (f *Federated) Locked(ctx context.Context, do func() error) error {
	unlock, err := f.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := f.Reload(); err != nil {
		return err
	}
	return do()
}

// TokenFor returns a token for another client of the identity provider, such as a web application. An issuer without
// exchange makes tokens for its own client only.
func (f *Federated) TokenFor(ctx context.Context, key tokens.Key, audience string) (redact.Secret, error) {
	if !f.Issuer.Plain {
		token, err := f.exchange(ctx, audience)
		return token.Token, err
	}
	if audience != f.Issuer.Client {
		return "", fmt.Errorf("the issuer makes tokens for the client %s, and not for %s", f.Issuer.Client, audience)
	}
	c, err := f.mintID(ctx, key)
	return c.Token, err
}

// exchange returns a token for an audience. It refreshes first when the access token has ended, and once more when
// the issuer refuses an access token that looks good: a refresh elsewhere has ended it.
func (f *Federated) exchange(ctx context.Context, audience string) (token oidc.Token, err error) {
	err = f.Locked(ctx, func() error {
		return f.unlessPaused(func() error {
			if !f.Issuer.Fresh(f.Issuer.Now()) || f.Force {
				if err := f.renew(ctx); err != nil {
					return err
				}
			}
			token, err = f.Issuer.Exchange(ctx, audience)
			if oidc.IsStale(err) && !f.renewed {
				if err := f.renew(ctx); err != nil {
					return err
				}
				token, err = f.Issuer.Exchange(ctx, audience)
			}
			return err
		})
	})
	return token, err
}

// unlessPaused calls ask, unless the issuer failed a moment ago. It notes an answer that may pass: nobody knows how long that takes, so the
// requests become fewer. With Force a person wants to know now.
func (f *Federated) unlessPaused(ask func() error) error {
	if f.Paused != nil && !f.Force {
		if err := f.Paused(); err != nil {
			return err
		}
	}
	err := ask()
	switch {
	case err == nil && f.Well != nil:
		f.Well()
	case f.Outage != nil && (oidc.MayPass(err) || f.renewed && oidc.IsStale(err)): // It does not know a token that it gave just now.
		return f.Outage(err)
	}
	return err
}

// renew refreshes and saves. A refusal is final only when it is one of the refresh token itself, and no other process has refreshed
// meanwhile. Then the tokens are forgotten, so that nobody sends them again.
func (f *Federated) renew(ctx context.Context) error {
	f.renewed = true
	if err := f.Save(); err != nil {
		return err // The issuer gives new tokens once. Without a place for them they are not asked for.
	}
	f.Force = false
	spent := f.Issuer.Refresh
	err := f.Issuer.Renew(ctx, f.Save)
	var later *oidc.RefreshError
	if errors.Is(err, oidc.ErrVoid) || errors.As(err, &later) { // A Pinniped says either of a token that another process has used.
		changed, reloadErr := f.Reload()
		if reloadErr != nil {
			return reloadErr
		}
		if changed {
			if f.Issuer.Fresh(f.Issuer.Now()) {
				return nil
			}
			spent = f.Issuer.Refresh
			err = f.Issuer.Renew(ctx, f.Save)
		}
	}
	if now := f.Issuer.Now(); errors.Is(err, oidc.ErrNoRefresh) && (f.Issuer.Fresh(now) || f.Issuer.FreshID(now)) {
		return &EndedError{err} // The tokens are good; there only are no new ones.
	}
	if errors.Is(err, oidc.ErrVoid) || errors.Is(err, oidc.ErrNoRefresh) || errors.Is(err, oidc.ErrNoID) {
		f.Issuer.Refresh, f.Issuer.Access = redact.Stored{}, redact.Stored{}
		f.End()
		return errors.Join(&EndedError{err}, f.Save())
	}
	if err == nil || f.Issuer.Refresh != spent { // The old refresh token is spent, even when the new tokens are not believed.
		return errors.Join(err, f.Save())
	}
	return err
}
