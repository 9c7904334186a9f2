package contexts

import (
	"cmp"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/order"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Kind is what a context is for. The order is that of a list.
type Kind int

// The kinds of contexts.
const (
	OfSupervisor Kind = iota
	OfNamespace
	OfCluster
	OfOthers // not ours
)

// String returns the kind for a sentence.
func (k Kind) String() string {
	return [...]string{"Supervisor", "vSphere Namespace", "cluster", "other"}[k]
}

// Heading returns the kind as the heading of several contexts.
func (k Kind) Heading() string {
	return [...]string{"Supervisors", "vSphere Namespaces", "Clusters", "Others"}[k]
}

// Entry is a context of a kubeconfig.
type Entry struct {
	Name      string
	Kind      Kind
	Key       tokens.Key // its credential; empty for OfOthers
	Namespace string
}

// For returns the namespace or cluster (NAMESPACE/NAME) of a context; "" for a Supervisor.
func (e Entry) For() string {
	if e.Kind == OfCluster {
		return e.Key.Cluster
	}
	return e.Namespace
}

// Entries returns the contexts that belong to a list, by kind, server and name.
func Entries(config *api.Config, belongs func(*api.Context) bool) (all []Entry) {
	for name, c := range config.Contexts {
		if !belongs(c) {
			continue
		}
		key, ours := kubeconfig.Ours(config.AuthInfos[c.AuthInfo])
		e := Entry{Name: name, Key: key, Namespace: c.Namespace}
		switch {
		case !ours:
			e.Kind = OfOthers
		case key.Cluster != "":
			e.Kind = OfCluster
		case c.Namespace != "":
			e.Kind = OfNamespace
		}
		all = append(all, e)
	}
	order.By(all, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key.Server, b.Key.Server), cmp.Compare(a.Name, b.Name))
	})
	return all
}
