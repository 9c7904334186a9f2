package splice

import (
	clientcmdv1 "k8s.io/client-go/tools/clientcmd/api/v1"
)

// Section is one of the three lists of a kubeconfig.
type Section string

const (
	clusters Section = "clusters"
	contexts Section = "contexts"
	users    Section = "users"
)

// sections in the order in which kubectl writes them.
var sections = [...]Section{clusters, contexts, users}

// Change lists what changes in a kubeconfig: entries to set (add or replace), entries to delete by name, and the current
// context. The zero value changes nothing.
type Change struct {
	Clusters       []clientcmdv1.NamedCluster
	Contexts       []clientcmdv1.NamedContext
	Users          []clientcmdv1.NamedAuthInfo
	DeleteClusters []string
	DeleteContexts []string
	DeleteUsers    []string
	CurrentContext *string // nil keeps it; empty unsets it
}

// Empty reports whether nothing is to change.
func (c Change) Empty() bool { return len(c.edits()) == 0 && c.CurrentContext == nil }

// edit is the change of one entry.
type edit struct {
	section Section
	name    string
	value   any // a clientcmd v1 Named… value; nil deletes
}

// edits lists the changes of entries, deletions first.
func (c Change) edits() []edit {
	var all []edit
	for _, d := range []struct {
		section Section
		names   []string
	}{{clusters, c.DeleteClusters}, {contexts, c.DeleteContexts}, {users, c.DeleteUsers}} {
		for _, name := range d.names {
			all = append(all, edit{d.section, name, nil})
		}
	}
	for _, v := range c.Clusters {
		all = append(all, edit{clusters, v.Name, v})
	}
	for _, v := range c.Contexts {
		all = append(all, edit{contexts, v.Name, v})
	}
	for _, v := range c.Users {
		all = append(all, edit{users, v.Name, v})
	}
	return all
}

// Split divides the entries of a change among n parts: home gives the index of an entry's part. The current context is
// in none of them.
func (c Change) Split(n int, home func(s Section, name string) int) []Change {
	parts := make([]Change, n)
	for _, e := range c.edits() {
		parts[home(e.section, e.name)].add(e)
	}
	return parts
}

// add adds an edit to the change: the reverse of edits.
func (c *Change) add(e edit) {
	switch v := e.value.(type) {
	case clientcmdv1.NamedCluster:
		c.Clusters = append(c.Clusters, v)
	case clientcmdv1.NamedContext:
		c.Contexts = append(c.Contexts, v)
	case clientcmdv1.NamedAuthInfo:
		c.Users = append(c.Users, v)
	case nil:
		switch e.section {
		case clusters:
			c.DeleteClusters = append(c.DeleteClusters, e.name)
		case contexts:
			c.DeleteContexts = append(c.DeleteContexts, e.name)
		case users:
			c.DeleteUsers = append(c.DeleteUsers, e.name)
		}
	}
}
