package manifestcmd

import (
	"errors"
	"fmt"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// needsRole names the roles of a vSphere Namespace that may write clusters.
const needsRole = "that takes the role edit or owner of the vSphere Namespace"

// denied names the role that a user lacks.
func denied(err error, t kubeapi.Target) error {
	if !errors.Is(err, wire.ErrForbidden) {
		return err
	}
	return failure.Hint(fmt.Errorf("you may not change %s in %s; %s: %w", t.Resource, t.Namespace, needsRole, err), "Ask your vSphere administrator for that role.")
}
