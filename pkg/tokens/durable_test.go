//go:build faults

package tokens_test

import (
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk/disktest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// A session costs a person a login.
func TestSessionsAreDurable(t *testing.T) {
	s := newStore(t)
	disktest.Durable(t, func() error {
		_, err := s.SaveSession(session())
		return err
	})
}

// A site that is lost makes a CA that changed look like a first use.
func TestSitesAreDurable(t *testing.T) {
	s := newStore(t)
	disktest.Durable(t, func() error {
		_, err := s.UpdateSite(t.Context(), site(), func(*tokens.Site) {})
		return err
	})
}
