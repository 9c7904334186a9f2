package survey

import (
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
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

// TypedServer reads --server, and returns the canonical address.
func TypedServer(typed string) (string, error) {
	if typed == "" {
		return "", nil
	}
	address, err := supervisor.ParseTyped(typed)
	if err != nil {
		return "", failure.Usagef("--server: %w", err)
	}
	return address.String(), nil
}
