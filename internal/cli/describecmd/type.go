package describecmd

import (
	"maps"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
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
func kubectl(s *survey.Site, at *survey.Place, ns string) string {
	for _, name := range slices.Sorted(maps.Keys(s.Config.Contexts)) {
		c := s.Config.Contexts[name]
		if key, ours := kubeconfig.Ours(s.Config.AuthInfos[c.AuthInfo]); ours && c.Namespace == ns && key.Same(at.Key) {
			return "kubectl --context " + failure.Quote(name) + " "
		}
	}
	return ""
}
