package tokens

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// Mark remembers of an account that a password was refused, or that a prompt was cancelled or left empty. kubectl runs a
// failing plugin five times for one command, IDEs run kubectl for ever, and vCenter locks an account at five refusals:
// after a mark nothing is asked and nothing refused is sent for a while.
type Mark struct {
	Version     int       `json:"version"`
	Time        time.Time `json:"time"`
	ParentPID   int       `json:"parentPID,omitempty"`
	ParentStart string    `json:"parentStart,omitempty"` // tells a process from a later one with the same number
	Everybody   bool      `json:"everybody,omitempty"`   // a person was asked: other parents are quiet too, for a minute
	Reason      string    `json:"reason,omitempty"`      // in words, for the next caller
	Refusals    []Refusal `json:"refusals,omitempty"`    // secrets that the server refused, the newest last
}

// Refusal is a secret that the server refused: enough to know it again, and expensive to guess from. Without a hash it is one that
// was sent and whose outcome is not known: the program was killed, or no answer came.
type Refusal struct {
	Time time.Time `json:"time"`
	Salt []byte    `json:"salt,omitempty"`
	Hash []byte    `json:"hash,omitempty"` // Argon2id (RFC 9106), see package secret
}

// quiet is how long a mark holds: of a prompt, for everybody but the parent that asked, for which it holds for good; of something
// that only ran in vain, for the parent. The five runs of one kubectl take two seconds; an IDE is one parent for days.
const quiet = 60 * time.Second

// Blocks tells whether a caller with this parent must not ask.
func (m Mark) Blocks(parentPID int, parentStart string, now time.Time) bool {
	if m.Time.IsZero() {
		return false
	}
	same := m.ParentPID == parentPID && m.ParentStart == parentStart
	if same && m.Everybody && parentStart != "" {
		return true
	}
	age := now.Sub(m.Time)
	return (m.Everybody || same) && age >= 0 && age < quiet // A clock that was set back must not block for long.
}

// Mark reads the mark of an account; the zero Mark when there is none. One that cannot be read is an error: it may tell of refusals.
func (s *Store) Mark(account string) (Mark, error) {
	path := s.markPath(account)
	text, err := credfile.ReadPrivate(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Mark{}, nil
	}
	if err != nil {
		return Mark{}, err
	}
	var m Mark
	if err := credfile.Decode(path, text, &m); err != nil {
		return Mark{}, err
	}
	return m, nil
}

// SetMark writes the mark of an account.
func (s *Store) SetMark(account string, m Mark) error {
	m.Version = credfile.Version
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return s.write(s.markPath(account), append(text, '\n'), cache)
}

// ClearMark removes the mark of an account.
func (s *Store) ClearMark(account string) error { return remove(s.markPath(account)) }

// EndQuiet lets everybody be asked again: somebody logged in. What was refused stays refused.
func (s *Store) EndQuiet(account string) error {
	m, err := s.Mark(account)
	switch {
	case err != nil || len(m.Refusals) == 0:
		return s.ClearMark(account)
	case m.Time.IsZero():
		return nil
	}
	return s.SetMark(account, Mark{Refusals: m.Refusals})
}

func (s *Store) markPath(account string) string {
	return filepath.Join(s.dir, accountsDir, hash(account)+".json")
}
