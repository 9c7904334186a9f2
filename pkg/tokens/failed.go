package tokens

import "time"

// FailedError is the failure of another process that renewed a credential while this one waited for it.
type FailedError struct{ Reason string }

// Error gives the reason in that process's words.
func (e *FailedError) Error() string { return e.Reason }

// failed returns the failure of whoever held the lock since then, or nil. Trying once more would make everybody who waits wait for
// as long again.
func (p *Provider) failed(key Key, since time.Time) error {
	m, err := p.Store.Mark(failedMark(key))
	if err != nil || m.Reason == "" || !m.Time.After(since) {
		return nil //nolint:nilerr // There is no word of a failure.
	}
	return &FailedError{m.Reason}
}

// tell leaves the outcome of a renewal for those who wait. What cannot be written down they find out themselves.
func (p *Provider) tell(key Key, err error) {
	switch {
	case err == nil:
		_ = p.Store.ClearMark(failedMark(key))
	case p.Outage != nil && p.Outage(err):
		if _, known, _ := p.Store.FindSession(key); !known {
			return // Somebody logged out meanwhile.
		}
		_ = p.Store.SetMark(failedMark(key), Mark{Time: p.Now(), Reason: err.Error()})
	}
}
