//go:build faults

package tokens_test

import (
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk/disktest"
)

// A session costs a person a login.
func TestSessionsAreDurable(t *testing.T) {
	s := newStore(t)
	disktest.Durable(t, func() error {
		_, err := s.SaveSession(session())
		return err
	})
}
