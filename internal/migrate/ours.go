package migrate

import (
	"cmp"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/contexts"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// place is what a context is for. An empty user is anybody.
type place struct{ host, user, namespace, cluster string }

// ours are our contexts.
type ours struct {
	byPlace map[place]contexts.Entry
	byAPI   map[place]contexts.Entry // of clusters: host is the API server, and the rest is empty but for the user
}

// oursIn returns our contexts of a kubeconfig. Of several for the same, it has the first one by name.
func oursIn(config *api.Config) ours {
	o := ours{map[place]contexts.Entry{}, map[place]contexts.Entry{}}
	all := contexts.Entries(config, func(c *api.Context) bool {
		_, is := kubeconfig.Ours(config.AuthInfos[c.AuthInfo])
		return is
	})
	for _, e := range all {
		at := place{hostOf(e.Key.Server), tokens.Fold(e.Key.User), e.Namespace, ""}
		if e.Kind == contexts.OfCluster {
			at.namespace, at.cluster, _ = strings.Cut(e.Key.Cluster, "/")
			put(o.byAPI, place{host: apiOf(config.Clusters[config.Contexts[e.Name].Cluster]), user: at.user}, e)
		}
		put(o.byPlace, at, e)
	}
	return o
}

// put keeps an entry for its user and for anybody.
func put(all map[place]contexts.Entry, at place, e contexts.Entry) {
	for _, user := range []string{at.user, ""} {
		at.user = user
		if old, ok := all[at]; !ok || e.Name < old.Name {
			all[at] = e
		}
	}
}

// join names our context for the same as one of another tool, which also says more about a cluster.
func (o ours) join(c Context) Context {
	user := tokens.Fold(c.User)
	if c.Server != "" {
		if e, ok := o.byPlace[place{hostOf(c.Server), user, c.Namespace, c.Cluster}]; ok {
			c.Ours = e.Name
			return c
		}
	}
	if c.Cluster == "" || c.APIServer == "" {
		return c
	}
	if e, ok := o.byAPI[place{host: c.APIServer, user: user}]; ok {
		c.Ours, c.Server = e.Name, cmp.Or(c.Server, e.Key.Server)
		c.Namespace, c.Cluster, _ = strings.Cut(e.Key.Cluster, "/")
	}
	return c
}
