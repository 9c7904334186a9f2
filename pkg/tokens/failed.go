package tokens

import "time"

// FailedError is the error if another process tried to renew the credential, failed, and this one waited for it.
type FailedError struct{ Reason string }

// Error returns the other process's error text.
func (e *FailedError) Error() string { return e.Reason }

// failed returns the failure of the process that held the lock after since, or nil. Without it, every waiting process would try again and
// make the others wait.
func (p *Provider) failed(key Key, since time.Time) error {
	m, err := p.Store.Mark(failedMark(key))
	if err != nil || m.Reason == "" || !m.Time.After(since) {
		return nil //nolint:nilerr // No failure is recorded.
	}
	return &FailedError{m.Reason}
}

// record records the outcome of a renewal for waiting processes. If that fails, they try to renew themselves.
func (p *Provider) record(key Key, err error) {
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
