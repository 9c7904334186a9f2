package secret

import (
	"fmt"
	"slices"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Marks is where refusals, and who was asked, are remembered; *tokens.Store is one.
type Marks interface {
	Mark(account string) (tokens.Mark, error)
	SetMark(account string, m tokens.Mark) error
	ClearMark(account string) error
}

// unknown adds n secrets whose outcome is not known.
func (c caller) unknown(before []tokens.Refusal, n int) []tokens.Refusal {
	all := slices.Clone(before)
	for range min(n, enough) {
		all = append(all, tokens.Refusal{Time: c.now, Uptime: c.uptime, At: c.account})
	}
	return all
}

// accepted are the refusals after a secret was accepted. This server's refusals of it no longer keep it back, but they count on: a front
// may accept what vCenter refuses. What a server accepts says nothing about other servers.
func (c caller) accepted(all []tokens.Refusal, same func(tokens.Refusal) bool) []tokens.Refusal {
	all = slices.Clone(all)
	for i, r := range all {
		if r.At == c.account && same(r) {
			all[i].Salt, all[i].Hash = nil, nil
		}
	}
	return all
}

// refused is the mark after a refusal. A command or variable may be mended at once, so only the caller's own runs are quiet then; a
// prompt is quiet for everybody. After a login nothing is quiet: it does not answer a prompt of kubectl's.
func (c caller) refused(s Source) tokens.Mark {
	if c.explicit {
		return tokens.Mark{}
	}
	reason := fmt.Sprintf("%s was refused a moment ago", s.secret())
	if s.Kind == Typed {
		reason = "the password was refused a moment ago"
	}
	return c.inVain(s, reason)
}

// inVain is the mark after a source was asked and nothing came of it.
func (c caller) inVain(s Source, reason string) tokens.Mark {
	return tokens.Mark{Time: c.now, ParentPID: c.parent.PID, ParentStart: c.parent.Start, Everybody: s.Kind == Typed, Reason: reason}
}

// longestWait bounds how long a server can keep renewals away: nobody should wait much longer once it is back.
const longestWait = time.Minute

// busy is the mark after a server asked to wait before the next request.
func (c caller) busy(wait time.Duration) tokens.Mark {
	return tokens.Mark{Time: c.now, Until: c.now.Add(min(wait, longestWait))}
}

// memory reads and writes marks: that of the account, and the refusals under the person's name.
type memory struct {
	marks         Marks
	account, name string
	warn          func(error)
}

// refusals returns the refusals as earlier calls left them.
func (m memory) refusals() ([]tokens.Refusal, error) {
	mark, err := m.marks.Mark(m.name)
	if err != nil {
		return nil, err
	}
	return mark.Refusals, nil
}

// setRefusals replaces the refusals.
func (m memory) setRefusals(all []tokens.Refusal) error {
	if len(all) == 0 {
		return m.marks.ClearMark(m.name)
	}
	return m.marks.SetMark(m.name, tokens.Mark{Refusals: all})
}

// save replaces the mark of the account; an empty one is removed. Its loss costs no more than a warning.
func (m memory) save(mark tokens.Mark) {
	if mark.Time.IsZero() {
		m.warn(m.marks.ClearMark(m.account))
		return
	}
	m.warn(m.marks.SetMark(m.account, mark))
}
