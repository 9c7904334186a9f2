package login

import (
	"errors"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// A server that is asked again and again may ask for a longer pause, and cannot have a shorter or endless one.
func TestAsAsked(t *testing.T) {
	for wait, want := range map[time.Duration]time.Duration{0: 4 * time.Second, time.Second: 4 * time.Second, 7 * time.Second: 7 * time.Second, time.Hour: lastPause} {
		if got := asAsked(4*time.Second, errors.Join(errors.New("look"), &wire.Error{After: wait, Kind: wire.ErrServer})); got != want {
			t.Errorf("asked for %s: %s", wait, got)
		}
	}
}
