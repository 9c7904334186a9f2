package cli

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// repeat fills in what the last login of the current context's session was for. Flags that are given win. Skipping the
// verification is never repeated by itself.
func (a *App) repeat(store *tokens.Store, files kubeconfig.Files, o loginOptions) (loginOptions, error) {
	cfg, err := files.Load()
	if err != nil {
		return o, err
	}
	session, found, err := currentSession(store, cfg)
	if err != nil {
		return o, err
	}
	if !found {
		return o, usagef("--server is missing: which Supervisor? (There is no session to repeat.)")
	}
	if o.server, err = supervisor.ParseAddress(session.Server); err != nil {
		return o, err
	}
	if session.Trust.Mode == trust.Insecure && !o.insecure && o.caFile == "" && len(o.caFingerprints) == 0 {
		return o, usagef("the last login to %s was with --insecure-skip-tls-verify, which is not repeated: give it again, or --certificate-authority or --ca-fingerprint", session.Server)
	}
	byProvider := session.Method == methodOIDC
	switch another := o.user != "" && tokens.Fold(o.user) != tokens.Fold(session.User); {
	case another, byProvider && o.method == methodSSO, !byProvider && o.method == methodOIDC: // What the session was for is not for this login.
		fmt.Fprintf(a.ErrOut, "Logging in to %s.\n", session.Server)
		return o, nil
	case byProvider:
		fmt.Fprintf(a.ErrOut, "Logging in to %s by its identity provider, as %s did.\n", session.Server, session.User)
		o.method = methodOIDC
		return o.likeOIDC(session)
	}
	fmt.Fprintf(a.ErrOut, "Logging in to %s with vCenter Single Sign-On, as %s did.\n", session.Server, session.User)
	o.user, o.method = session.User, methodSSO
	return o.like(session)
}

// likeOIDC takes the identity provider and the flow, too.
func (o loginOptions) likeOIDC(session tokens.Session) (loginOptions, error) {
	kept, err := oidc.ParseSession(session.Renewal)
	if err != nil {
		return o, err
	}
	if o.oidc.provider == "" {
		o.oidc.provider = kept.IdentityProvider
	}
	if o.oidc.browser.IsZero() {
		if o.oidc.flow == flowAuto && kept.Flow != "" {
			o.oidc.flow = flow(kept.Flow)
		}
		o.oidc.browser = kept.Browser
	}
	if o.oidc.flow == flowPassword && o.user == "" {
		o.user = session.User
	}
	o.oidc.repeat(kept)
	return o.like(session)
}

// likePlain takes over the issuer of the last login to an API server that trusts one directly: its name is enough to log in again.
func (a *App) likePlain(store *tokens.Store, o loginOptions) (loginOptions, error) {
	if o.oidc.plain() || o.oidc.provider != "" || o.method == methodSSO || o.method == methodAuto && a.meansSSO(o) {
		return o, nil
	}
	all, _ := store.Sessions()
	for _, s := range all {
		if kept, err := oidc.ParseSession(s.Renewal); s.Server == o.server.String() && s.Method == methodOIDC && err == nil && kept.Plain {
			fmt.Fprintf(a.ErrOut, "Logging in to %s by the issuer of the last time.\n", s.Server)
			return o.likeOIDC(s)
		}
	}
	return o, nil
}

// like takes what flags did not say from the last login.
func (o loginOptions) like(session tokens.Session) (loginOptions, error) {
	var err error
	if !o.given("workload-clusters") && !o.given("tanzu-kubernetes-cluster-name") {
		if o.clusters, err = login.ParseSelection(session.Clusters); err != nil {
			return o, err
		}
	}
	if !o.given("static-tokens") {
		o.staticTokens = o.staticTokens || session.StaticTokens
	}
	if !o.given("namespaces") {
		o.namespaces = session.Namespaces
	}
	if !o.given("context-prefix") {
		o.prefix = session.ContextPrefix
	}
	return o, nil
}

// currentSession is the session of the current context, else the only one there is.
func currentSession(store *tokens.Store, cfg *api.Config) (tokens.Session, bool, error) {
	if c := cfg.Contexts[cfg.CurrentContext]; c != nil {
		if key, ours := kubeconfig.Ours(cfg.AuthInfos[c.AuthInfo]); ours {
			return store.FindSession(key)
		}
	}
	all, _ := store.Sessions()
	if len(all) == 1 {
		return all[0], true, nil
	}
	return tokens.Session{}, false, nil
}

// knownNamespaces are those that contexts of the session are for.
func knownNamespaces(files kubeconfig.Files, s tokens.Session) (known []string) {
	cfg, err := files.Load()
	if err != nil {
		return nil // Its user is told when it is written.
	}
	for _, c := range cfg.Contexts {
		if key, ours := kubeconfig.Ours(cfg.AuthInfos[c.AuthInfo]); ours && key.Cluster == "" && supervisor.IsName(c.Namespace) && s.Covers(key) {
			known = append(known, c.Namespace)
		}
	}
	return known
}

// vanished lists the contexts of the session for namespaces and clusters that this login did not find though it looked.
func vanished(cfg *api.Config, s tokens.Session, o loginOptions, res *login.Result) []string {
	if len(res.Failures) > 0 { // What failed may be there all the same.
		return nil
	}
	var gone []string
	for name, c := range cfg.Contexts {
		key, ours := kubeconfig.Ours(cfg.AuthInfos[c.AuthInfo])
		if ours && s.Covers(key) && !found(key, c.Namespace, o, res) {
			gone = append(gone, name)
		}
	}
	slices.Sort(gone)
	return gone
}

// found tells whether a login reached what a context is for, or did not look for it.
func found(key tokens.Key, namespace string, o loginOptions, res *login.Result) bool {
	if key.Cluster == "" {
		return namespace == "" || res.NamespacesHidden || slices.ContainsFunc(res.Namespaces, func(ns login.Namespace) bool {
			return ns.Name == namespace && ns.Host.Credential.Key.Same(key)
		})
	}
	in, _, _ := strings.Cut(key.Cluster, "/")
	looked := slices.ContainsFunc(res.Namespaces, func(ns login.Namespace) bool { return ns.Name == in })
	if !o.clusters.All() || len(res.Unlisted) > 0 || res.NamespacesHidden && !looked {
		return true
	}
	return slices.ContainsFunc(res.Clusters, func(c login.Cluster) bool { return c.Credential.Key.Same(key) })
}

// reportVanished says which contexts lead nowhere any more, or went.
func (a *App) reportVanished(gone []string, o loginOptions) {
	for _, name := range gone {
		if o.prune {
			fmt.Fprintf(a.ErrOut, "note: the context %s is removed: what it was for is not there any more\n", name)
		} else {
			fmt.Fprintf(a.ErrOut, "note: what the context %s is for is not there any more; --prune removes it\n", name)
		}
	}
}
