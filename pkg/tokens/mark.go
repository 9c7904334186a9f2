package tokens

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/filelock"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// Mark records that a password was refused, or that a prompt was cancelled or left empty. For a while after that, nobody is asked and no
// refused password is sent: kubectl runs a failing plugin five times for one command, IDEs run kubectl all the time, and vCenter locks an
// account after five refusals. The mark of an account, at one server, records who was asked. The mark of a person's name records refusals,
// at all servers.
type Mark struct {
	Version     int       `json:"version"`
	Time        time.Time `json:"time"`
	ParentPID   int       `json:"parentPID,omitempty"`
	ParentStart string    `json:"parentStart,omitempty"` // start time of the parent: a later process may have the same number
	Everybody   bool      `json:"everybody,omitempty"`   // a person was asked: no other parent asks for a minute
	Reason      string    `json:"reason,omitempty"`      // error text for the next caller
	Refusals    []Refusal `json:"refusals,omitempty"`    // secrets that the server refused, the newest last
	// Pause is how long from Time on a server that another one named is left out of logins without a person. It gave no clear answer then.
	Pause time.Duration `json:"pause,omitempty"`
	// Until is the time before which the server asked to get no further request.
	Until time.Time `json:"until,omitzero"`
}

// Refusal records a secret that a server refused. Its hash is slow, so that nobody can guess the secret from it. Without a hash, the
// outcome is not known: the secret was sent, and then the program was killed, or the answer was neither yes nor no.
type Refusal struct {
	Time time.Time `json:"time"`
	// Uptime is Time on a clock that nobody sets, since the system started, or 0 on a system without one.
	Uptime time.Duration `json:"uptime,omitempty"`
	At     string        `json:"at,omitempty"` // the account: a server and a user name
	Salt   []byte        `json:"salt,omitempty"`
	Hash   []byte        `json:"hash,omitempty"` // Argon2id (RFC 9106), see package secret
	// Underway means that a process sends an accepted secret again, and takes this note back if that is not refused.
	Underway bool `json:"underway,omitempty"`
}

// quiet is how long a mark blocks. After a prompt, it blocks every other parent this long, and the parent that asked for ever. After a
// failure without a prompt, it blocks only the parent. The five runs of one kubectl take two seconds; an IDE is one parent for days.
const quiet = 60 * time.Second

// Blocks reports whether a process with this parent must not ask.
func (m Mark) Blocks(parentPID int, parentStart string, now time.Time) bool {
	if m.Time.IsZero() {
		return false
	}
	same := m.ParentPID == parentPID && m.ParentStart == parentStart
	if same && m.Everybody && parentStart != "" {
		return true
	}
	age := now.Sub(m.Time)
	return (m.Everybody || same) && age >= 0 && age < quiet // A negative age means that the clock was set back.
}

// Waits reports whether the server must not be asked now. If the clock was set back, it may be.
func (m Mark) Waits(now time.Time) bool { return !now.Before(m.Time) && now.Before(m.Until) }

// Mark reads the mark of an account. Without one it returns the zero Mark. A mark that cannot be read is an error: it may record refusals.
func (s *Store) Mark(account string) (Mark, error) {
	path := s.markPath(account)
	text, err := readOwn(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Mark{}, nil
	}
	if err != nil {
		return Mark{}, err
	}
	var m Mark
	if err := credfile.Decode(path, text, &m, &m.Version); err != nil {
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

// EndQuiet allows to ask again, after a login. The refusals stay recorded.
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

// markAge is longer than any refusal counts.
const markAge = time.Hour

// markPatience bounds the wait for a process that sends a password.
const markPatience = time.Second

// clearMark removes the mark at a path, but for the number and times of refusals that may count. While another process sends a password,
// its mark stays as it is.
func (s *Store) clearMark(path string) error {
	info, err := os.Stat(path)
	text, readErr := credfile.ReadPrivate(path)
	var m Mark
	if err != nil || readErr != nil || credfile.Decode(path, text, &m, &m.Version) != nil || len(m.Refusals) == 0 || time.Since(info.ModTime()) > markAge {
		return remove(path)
	}
	unlock, err := filelock.Take(context.Background(), strings.TrimSuffix(path, ".json")+".lock", filelock.Options{Patience: markPatience})
	if err != nil {
		return nil // Its owner is at work.
	}
	defer unlock()
	if text, err = credfile.ReadPrivate(path); err != nil || json.Unmarshal(text, &m) != nil {
		return remove(path)
	}
	bare := Mark{Version: credfile.Version}
	for _, r := range m.Refusals {
		bare.Refusals = append(bare.Refusals, Refusal{Time: r.Time, Uptime: r.Uptime})
	}
	if text, err = json.Marshal(bare); err != nil {
		return err
	}
	return s.write(path, append(text, '\n'), cache)
}

func (s *Store) markPath(account string) string {
	return filepath.Join(s.dir, accountsDir, hash(account)+".json")
}
