package tokens

import (
	"encoding/json"
	"path/filepath"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/hit"
)

// Mark remembers that a password prompt was refused, cancelled or left empty. kubectl runs a failing plugin five
// times for one command, and vCenter locks an account at five refusals: after a mark nothing is asked and nothing is
// sent for a while.
type Mark struct {
	Version     int       `json:"version"`
	Time        time.Time `json:"time"`
	ParentPID   int       `json:"parentPID"`
	ParentStart string    `json:"parentStart"` // tells a process from a later one with the same number
	Reason      string    `json:"reason"`      // in words, for the next caller
}

// quiet is how long a mark holds for everybody. For the parent that saw the prompt it holds for good.
const quiet = 60 * time.Second

// Blocks tells whether a caller with this parent must not ask.
func (m Mark) Blocks(parentPID int, parentStart string, now time.Time) bool {
	if m.Time.IsZero() {
		return false
	}
	if m.ParentPID == parentPID && m.ParentStart == parentStart && parentStart != "" {
		return true
	}
	age := now.Sub(m.Time)
	return age >= 0 && age < quiet // A clock that was set back must not block for long.
}

// Mark reads the mark of an account; the zero Mark when there is none that can be read.
func (s *Store) Mark(account string) Mark {
	path := s.markPath(account)
	text, err := hit.ReadPrivate(path)
	if err != nil {
		return Mark{}
	}
	var m Mark
	if hit.Decode(path, text, &m) != nil {
		return Mark{}
	}
	return m
}

// SetMark writes the mark of an account.
func (s *Store) SetMark(account string, m Mark) error {
	m.Version = hit.Version
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return s.write(s.markPath(account), append(text, '\n'), cache)
}

// ClearMark ends the quiet: somebody logged in.
func (s *Store) ClearMark(account string) error { return remove(s.markPath(account)) }

func (s *Store) markPath(account string) string {
	return filepath.Join(s.dir, accountsDir, hash(account)+".json")
}
