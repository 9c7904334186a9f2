//go:build faults

package registry_test

import (
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk/disktest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
)

// A login at a registry is typed by a person.
func TestRegistriesAreDurable(t *testing.T) {
	s := newStore(t)
	disktest.Durable(t, func() error { return s.SaveRecord(registry.Record{Host: "h.lab"}) })
	disktest.Durable(t, func() error { return s.SaveLogin(registry.Login{Host: "h.lab"}) })
}
