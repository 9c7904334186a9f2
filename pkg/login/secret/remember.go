package secret

import (
	"fmt"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Marks is where the refusals of an account are remembered; *tokens.Store is one.
type Marks interface {
	Mark(account string) (tokens.Mark, error)
	SetMark(account string, m tokens.Mark) error
	ClearMark(account string) error
}

// The marks that a call leaves. Each is made from the earlier one, so that earlier refusals stay counted.

// sending is the mark while a secret is on its way: a refusal whose answer is not known.
func (c caller) sending(m tokens.Mark) tokens.Mark {
	m.Refusals = append(slices.Clone(m.Refusals), tokens.Refusal{Time: c.now})
	return m
}

// refused is the mark after a refusal. A command or variable may be mended at once, so only the caller's own runs are quiet then; a
// prompt is quiet for everybody. A person's own command quiets nobody: it is no answer to a prompt of kubectl's.
func (c caller) refused(m tokens.Mark, s Source, r tokens.Refusal) tokens.Mark {
	reason := fmt.Sprintf("%s was refused a moment ago", s.secret())
	if s.Kind == Typed {
		reason = "the password was refused a moment ago"
	}
	mark := c.inVain(m, s, reason)
	if c.explicit {
		mark.ParentPID, mark.ParentStart, mark.Everybody = 0, "", false
	}
	mark.Refusals = append(mark.Refusals, r)
	return mark
}

// inVain is the mark after a source was asked and nothing came of it.
func (c caller) inVain(m tokens.Mark, s Source, reason string) tokens.Mark {
	return tokens.Mark{
		Time: c.now, ParentPID: c.parent.PID, ParentStart: c.parent.Start, Everybody: s.Kind == Typed,
		Reason: reason, Refusals: c.recent(m.Refusals),
	}
}

// without are the recent refusals of other secrets. They stay when one is accepted: a wrong variable beside a right command would
// be sent again and again.
func (c caller) without(all []tokens.Refusal, same func(tokens.Refusal) bool) []tokens.Refusal {
	return slices.DeleteFunc(c.recent(all), same)
}

// memory reads and writes marks: under the account and, if it is set, under the user's name.
type memory struct {
	marks         Marks
	account, name string
	warn          func(error)
}

// read returns the account's mark as earlier calls left it.
func (m memory) read() (r remembered) {
	if r.mark, r.unread = m.marks.Mark(m.account); r.unread != nil {
		r.mark = tokens.Mark{}
	}
	return r
}

// readAll is read, with the refusals under the user's name.
func (m memory) readAll() remembered {
	r := m.read()
	if m.name != "" {
		var byName tokens.Mark
		byName, r.noByName = m.marks.Mark(m.name)
		r.byName = byName.Refusals
	}
	return r
}

// write replaces the mark of the account; an empty one is removed.
func (m memory) write(mark tokens.Mark) error { return m.writeAs(m.account, mark) }

func (m memory) writeAs(account string, mark tokens.Mark) error {
	if mark.Time.IsZero() && len(mark.Refusals) == 0 {
		return m.marks.ClearMark(account)
	}
	return m.marks.SetMark(account, mark)
}

// save is write for a mark whose loss costs no more than a warning.
func (m memory) save(mark tokens.Mark) { m.warn(m.write(mark)) }

// addByName remembers a refusal under the user's name as well. It reads again: the lock is the account's, and others may have the
// same name.
func (m memory) addByName(c caller, r tokens.Refusal) {
	if m.name == "" {
		return
	}
	byName, _ := m.marks.Mark(m.name) // One that cannot be read is written anew.
	m.warn(m.writeAs(m.name, tokens.Mark{Refusals: append(c.recent(byName.Refusals), r)}))
}

// dropByName forgets a secret under the user's name, since it was accepted.
func (m memory) dropByName(c caller, same func(tokens.Refusal) bool) {
	if m.name == "" {
		return
	}
	if byName, err := m.marks.Mark(m.name); err == nil && len(byName.Refusals) > 0 {
		m.warn(m.writeAs(m.name, tokens.Mark{Refusals: c.without(byName.Refusals, same)}))
	}
}
