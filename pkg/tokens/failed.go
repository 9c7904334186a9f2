package tokens

import "time"

// FailedError is the error of a renewal that was not tried, since another one has just failed: its process was waited for, or the server
// asked to wait.
type FailedError struct {
	Reason string
	Until  time.Time // the server asked for no request before; zero: it did not
}

// Error returns the other renewal's error text.
func (e *FailedError) Error() string { return e.Reason }

// failed returns the failure of the process that held the lock after since, or of a server that asks to wait until later than now, or
// nil. Without it, every waiting process would try again and make the others wait. With force a person wants to know now.
func (p *Provider) failed(key Key, since time.Time, force bool) error {
	m, err := p.Store.Mark(failedMark(key))
	now := p.Now()
	switch {
	case err != nil || m.Reason == "": // No failure is recorded.
		return nil //nolint:nilerr // One that cannot be read is none.
	case p.Wait != nil && !force && m.Waits(now):
		return &FailedError{m.Reason, m.Until}
	case m.Time.After(since) && !m.Time.After(now): // Else the clock was set back.
		return &FailedError{Reason: m.Reason}
	}
	return nil
}

// record records the outcome of a renewal for waiting processes, and for later ones if the server asks to wait. If that fails, they try to
// renew themselves.
func (p *Provider) record(s Session, key Key, err error) {
	switch {
	case err == nil:
		_ = p.Store.ClearMark(failedMark(key))
	case p.Outage != nil && p.Outage(err):
		if _, known, _ := p.Store.FindSession(key); !known {
			return // Somebody logged out meanwhile.
		}
		m := Mark{Time: p.Now(), Reason: err.Error()}
		if p.Wait != nil && p.ownLock(s) { // Else Renew keeps the pause, for all credentials of the account.
			m.Until = m.Time.Add(min(p.Wait(err), longestPause))
		}
		_ = p.Store.SetMark(failedMark(key), m)
	}
}
