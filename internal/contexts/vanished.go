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

// own returns a key with the session's name of the user, if the session covers it, however it is spelled; else the key. mine reports
// whether it does.
func (l Login) own(key tokens.Key) (own tokens.Key, mine bool) {
	covering := tokens.Covering(append([]tokens.Session{l.Session}, l.Others...), key)
	if !slices.ContainsFunc(covering, func(s tokens.Session) bool { return s.ID == l.Session.ID }) {
		return key, false
	}
	return l.Session.Own(key), true
}

// KnownNamespaces returns the vSphere Namespaces that have a context of a session in the kubeconfig. The login has no result yet.
func (l Login) KnownNamespaces(files kubeconfig.Files) (known []string) {
	cfg, err := files.Load()
	if err != nil {
		return nil // Writing the kubeconfig reports the error.
	}
	for _, c := range cfg.Contexts {
		key, ours := kubeconfig.Ours(cfg.AuthInfos[c.AuthInfo])
		if _, mine := l.own(key); ours && mine && key.Cluster == "" && supervisor.IsName(c.Namespace) {
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
		if own, mine := l.own(key); ours && mine && !l.found(own, c.Namespace) {
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
