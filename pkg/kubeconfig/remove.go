package kubeconfig

import (
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"
)

// Remove works out the change that deletes the user entries for which remove is true, the contexts that use them, and
// the cluster entries that no context uses after that. A cluster entry whose name is not one that Plan gives stays.
//
// A context whose user entry is gone is asked about too, with a nil entry, if its user and cluster are named as Plan
// names them.
func Remove(old *api.Config, remove func(name string, u *api.AuthInfo) bool) Change {
	now := old.DeepCopy()
	for name, u := range old.AuthInfos {
		if remove(name, u) {
			delete(now.AuthInfos, name)
		}
	}
	for name, c := range old.Contexts {
		u := old.AuthInfos[c.AuthInfo]
		dangling := u == nil && strings.HasPrefix(c.AuthInfo, prefix+c.Cluster+":") && remove(c.AuthInfo, nil)
		if u != nil && now.AuthInfos[c.AuthInfo] == nil || dangling {
			delete(now.Contexts, name)
		}
	}
	return removed(old, now)
}

// RemoveContexts works out the change that deletes contexts by name. Their users and clusters go too if login wrote them
// and no other context uses them.
func RemoveContexts(old *api.Config, names []string) Change {
	now := old.DeepCopy()
	users := map[string]bool{}
	for _, name := range names {
		if c := now.Contexts[name]; c != nil {
			users[c.AuthInfo] = true
			delete(now.Contexts, name)
		}
	}
	for _, c := range now.Contexts {
		delete(users, c.AuthInfo)
	}
	for name := range users {
		if _, ours := Ours(now.AuthInfos[name]); ours {
			delete(now.AuthInfos, name)
		}
	}
	return removed(old, now)
}

// removed is the change from old to now, which lacks some contexts. It also deletes the clusters that this leaves unused.
func removed(old, now *api.Config) Change {
	unused := map[string]bool{}
	for name, c := range old.Contexts {
		if now.Contexts[name] == nil {
			unused[c.Cluster] = true
		}
	}
	for _, c := range now.Contexts {
		delete(unused, c.Cluster)
	}
	for name := range unused {
		if c := old.Clusters[name]; c != nil && plannedName(name, c) {
			delete(now.Clusters, name)
		}
	}
	change := difference(old, now)
	if old.CurrentContext != "" && old.Contexts[old.CurrentContext] != nil && now.Contexts[old.CurrentContext] == nil {
		change.CurrentContext = new(string)
	}
	return change
}

func plannedName(name string, c *api.Cluster) bool {
	return slices.Contains(Target{Server: c.Server, CA: c.CertificateAuthorityData}.entryNames(), name) ||
		strings.HasPrefix(name, Target{Server: c.Server}.entryNames()[0]+"-")
}
