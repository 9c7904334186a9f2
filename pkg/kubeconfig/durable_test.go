//go:build faults

package kubeconfig

import (
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk/disktest"
)

// A kubeconfig has the work of other programs and people in it.
func TestUpdateIsDurable(t *testing.T) {
	f := files(t, "config")
	disktest.Durable(t, func() error {
		_, err := f.Update(t.Context(), false, login("ns1"))
		return err
	})
}
