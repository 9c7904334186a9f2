package session

import (
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// GroundOf returns the servers that a stored session's vCenter password may go to: the Supervisor of its login, and the control plane
// hosts that the login reached.
func GroundOf(s tokens.Session) disclose.Ground {
	return disclose.SupervisorAt(s.Server).Naming(s.Hosts...).Unverified(s.Trust.Mode == trust.Insecure)
}
