package tokens

import (
	"encoding/json"
	"path/filepath"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/hit"
)

// Mark remembers of an account that a password was refused, or that a prompt was cancelled or left empty. kubectl runs a
// failing plugin five times for one command, IDEs run kubectl for ever, and vCenter locks an account at five refusals:
// after a mark nothing is asked and nothing refused is sent for a while.
type Mark struct {
	Version     int       `json:"version"`
	Time        time.Time `json:"time"`
	ParentPID   int       `json:"parentPID,omitempty"`
	ParentStart string    `json:"parentStart,omitempty"` // tells a process from a later one with the same number
	Everybody   bool      `json:"everybody,omitempty"`   // other parents are quiet too, for a minute
	Reason      string    `json:"reason,omitempty"`      // in words, for the next caller
	Refused     *Refusal  `json:"refused,omitempty"`     // the last secret that the server refused
}

// Refusal is a secret that the server refused: enough to know it again, and expensive to guess from.
type Refusal struct {
	Time time.Time `json:"time"`
	Salt []byte    `json:"salt"`
	Hash []byte    `json:"hash"` // Argon2id (RFC 9106), see package secret
}

// quiet is how long a mark holds for everybody. For the parent that made it it holds for good.
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
	same := m.ParentPID == parentPID && parentStart == ""   // Where the system does not say more.
	return (m.Everybody || same) && age >= 0 && age < quiet // A clock that was set back must not block for long.
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
