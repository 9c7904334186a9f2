package survey

import (
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
)

// Namespaces completes the vSphere Namespaces of contexts.
func Namespaces(e *console.Env) command.Complete {
	return command.Values(func() []string {
		s, err := Open(e.Quiet(), "")
		if err != nil {
			return nil
		}
		return s.NamespacesOf()
	})
}
