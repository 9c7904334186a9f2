package tokens

import (
	"time"
)

// FailedError is what another process met that tried to renew a credential while this one waited for it.
type FailedError struct{ Reason string }

// Error is that process's words.
func (e *FailedError) Error() string { return e.Reason }

// failed is what the holder of the lock has met since then. Trying once more would make everybody who waits wait for as long again.
func (p *Provider) failed(key Key, since time.Time) error {
	m, err := p.Store.Mark(failedMark(key))
	if err != nil || m.Reason == "" || !m.Time.After(since) {
		return nil //nolint:nilerr // Nobody has told.
	}
	return &FailedError{m.Reason}
}

// tell leaves the outcome of a renewal for those who wait. What cannot be told they find out themselves.
func (p *Provider) tell(key Key, err error) {
	switch {
	case err == nil:
		_ = p.Store.ClearMark(failedMark(key))
	case p.Shared != nil && p.Shared(err):
		if _, known, _ := p.Store.FindSession(key); !known {
			return // Somebody logged out meanwhile.
		}
		_ = p.Store.SetMark(failedMark(key), Mark{Time: p.Now(), Reason: err.Error()})
	}
}

func failedMark(key Key) string { return "failed " + key.ID() }
