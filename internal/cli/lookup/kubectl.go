package lookup

import (
	"maps"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/survey"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
)

// Kubectl returns the beginning of a kubectl command in a vSphere Namespace, or "" if no context leads there.
func Kubectl(s *survey.Site, p *survey.Place, ns string) string {
	for _, name := range slices.Sorted(maps.Keys(s.Config.Contexts)) {
		c := s.Config.Contexts[name]
		if key, ours := kubeconfig.Ours(s.Config.AuthInfos[c.AuthInfo]); ours && c.Namespace == ns && key.Same(p.Key) {
			return "kubectl --context " + failure.Quote(name) + " "
		}
	}
	return ""
}
