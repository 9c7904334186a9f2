package describecmd

import (
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/lookup"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// loginCommand returns what to type to log in again at a place.
func loginCommand(s *survey.Site, at *survey.Place) string {
	if covering := tokens.Covering(s.All, at.Key); len(covering) > 0 {
		return s.Sessions.Command(covering[0])
	}
	return failure.LoginCommand(at.Key.Server, at.Key.User)
}

// kubectl returns the beginning of a kubectl command for a vSphere Namespace, with a blank at its end, or "" if no context is for it.
func kubectl(s *survey.Site, at *survey.Place, ns string) string { return lookup.Kubectl(s, at, ns) }
