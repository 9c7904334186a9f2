package tokens

import (
	"encoding/json"
	"path/filepath"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// Outage says since when the issuer of a session gives no new tokens, and when to ask it again. The session stays: the provider
// behind an issuer may be down, and the same refresh token is good once it is back. It is stored, so that all processes ask once: kubectl runs a failing plugin
// five times for one command, and IDEs run kubectl all the time.
type Outage struct {
	Version int       `json:"version"`
	Since   time.Time `json:"since"`
	Last    time.Time `json:"last"`   // the issuer was asked last
	Next    time.Time `json:"next"`   // nobody asks before
	Tries   int       `json:"tries"`  // since Since
	Reason  string    `json:"reason"` // the last answer, in words of the issuer
	// Refused means that the issuer was well, and the provider behind it did not confirm the person: a login may be needed.
	Refused bool `json:"refused,omitempty"`
}

// The pauses between two requests grow up to longestPause: once an issuer is back, nobody should wait much longer. kubectl runs a failing
// plugin five times. An issuer that is not well may be back within these runs, so the first pause is short. If it refuses the person, that
// will outlast them, so the first pause is longer.
const (
	firstPause   = time.Second
	refusedPause = 5 * time.Second
	longestPause = time.Minute
)

// Again returns the outage after one more failure. The caller sets its Reason. chance (from 0 to 1) shortens the pause by up to a quarter,
// so that the users of an issuer do not all come back at one moment. wait is how long the issuer asks to wait: it makes the pause no longer
// than the longest, and never shorter.
func (o Outage) Again(now time.Time, wait time.Duration, refused bool, chance float64) Outage {
	if o.Tries == 0 || o.Since.After(now) {
		o = Outage{Since: now}
	}
	first, pause := firstPause, longestPause
	if refused {
		first = refusedPause
	}
	if o.Tries < 10 {
		pause = min(first<<o.Tries, longestPause)
	}
	o.Tries++
	o.Last, o.Reason, o.Refused = now, "", refused
	pause -= time.Duration(chance * float64(pause) / 4)
	o.Next = now.Add(max(pause, min(wait, longestPause)))
	return o
}

// Holds reports whether the issuer must not be asked now. If the clock was set back, it may be.
func (o Outage) Holds(now time.Time) bool { return !now.Before(o.Last) && now.Before(o.Next) }

// Outage returns the outage of a session's issuer, or the zero Outage if none is stored or it cannot be read.
func (s *Store) Outage(session string) Outage {
	path := s.outagePath(session)
	text, err := credfile.ReadPrivate(path)
	var o Outage
	if err != nil || credfile.Decode(path, text, &o, &o.Version) != nil {
		return Outage{}
	}
	return o
}

// SetOutage stores the outage of a session's issuer.
func (s *Store) SetOutage(session string, o Outage) error {
	o.Version = credfile.Version
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return s.write(s.outagePath(session), append(text, '\n'), cache)
}

// EndOutage removes the outage of a session's issuer.
func (s *Store) EndOutage(session string) error { return remove(s.outagePath(session)) }

func (s *Store) outagePath(session string) string {
	return filepath.Join(s.dir, accountsDir, hash("outage of "+session)+".json")
}
