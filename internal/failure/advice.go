package failure

import (
	"errors"
	"fmt"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// advice is the next step after an error of pkg, which names no flag and no command; empty where there is nothing to say.
func advice(err error) string {
	var ambiguous *login.AmbiguousError
	var untrusted *trust.UntrustedError
	var full *tokens.WriteError
	switch {
	case errors.Is(err, supervisor.ErrUserInAddress):
		return "Give the user name with -u."
	case errors.As(err, &ambiguous):
		return "Say which namespace with --tanzu-kubernetes-cluster-namespace."
	case errors.Is(err, login.ErrNoEndpoint), errors.Is(err, supervisor.ErrNoEndpoint):
		return "For a cluster that is being created, log in again later, or with --wait."
	case errors.As(err, &untrusted):
		return Untrusted(untrusted)
	case errors.As(err, &full):
		return unwritten(full.Dir, full)
	}
	return ""
}

// Advices are the next steps after the failed parts of a login, each once. A certificate that is not trusted is left out: the login
// has asked about it already, or said so at length.
func Advices(failures []login.Failure) (all []string) {
	for _, f := range failures {
		var untrusted *trust.UntrustedError
		if step := advice(f.Err); step != "" && !errors.As(f.Err, &untrusted) && !slices.Contains(all, step) {
			all = append(all, step)
		}
	}
	return all
}

// unwritten says what to do about a store that takes nothing.
func unwritten(dir string, err error) string {
	if disk.Full(err) {
		return fmt.Sprintf("There is no room in %s: make some, or name another place with %s.", dir, credfile.HomeVariable)
	}
	return fmt.Sprintf("Make %s writable, or name another place with %s.", dir, credfile.HomeVariable)
}
