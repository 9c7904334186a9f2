package contexts

import (
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// KnownNamespaces returns the vSphere Namespaces that have a context of a session in the kubeconfig.
func KnownNamespaces(files kubeconfig.Files, s tokens.Session) (known []string) {
	cfg, err := files.Load()
	if err != nil {
		return nil // Writing the kubeconfig reports the error.
	}
	for _, c := range cfg.Contexts {
		if key, ours := kubeconfig.Ours(cfg.AuthInfos[c.AuthInfo]); ours && key.Cluster == "" && supervisor.IsName(c.Namespace) && s.Covers(key) {
			known = append(known, c.Namespace)
		}
	}
	return known
}

// vanished lists the session's contexts whose namespace or cluster this login looked for and did not find.
func (l Login) vanished(cfg *api.Config) []string {
	if len(l.Result.Failures) > 0 { // A part that failed may still exist.
		return nil
	}
	var gone []string
	for name, c := range cfg.Contexts {
		key, ours := kubeconfig.Ours(cfg.AuthInfos[c.AuthInfo])
		if ours && l.Session.Covers(key) && !l.found(key, c.Namespace) {
			gone = append(gone, name)
		}
	}
	slices.Sort(gone)
	return gone
}

// found reports whether the login found a context's namespace or cluster, or did not look for it.
func (l Login) found(key tokens.Key, namespace string) bool {
	res := l.Result
	if key.Cluster == "" {
		return namespace == "" || res.NamespacesHidden || slices.ContainsFunc(res.Namespaces, func(ns login.Namespace) bool {
			return ns.Name == namespace && ns.Host.Credential.Key.Same(key)
		})
	}
	in, _, _ := strings.Cut(key.Cluster, "/")
	looked := slices.ContainsFunc(res.Namespaces, func(ns login.Namespace) bool { return ns.Name == in })
	if !l.Clusters.All() || len(res.Unlisted) > 0 || res.NamespacesHidden && !looked {
		return true
	}
	return slices.ContainsFunc(res.Clusters, func(c login.Cluster) bool { return c.Credential.Key.Same(key) })
}
