package command

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Complete returns the values for the word that is typed. They come from the store and the kubeconfig: completion never asks a
// server.
type Complete = func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective)

// maxValue bounds a value, in characters: a user name is the longest.
const maxValue = 512

// Values completes the values that list returns.
func Values(list func() []string) Complete {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) { return Offer(list()) }
}

// Offer returns values sorted, and tells the shell not to complete file names. It leaves out values that cannot be shown as they are: the
// shell would type something else than what is meant, or run it.
func Offer(values []string) ([]string, cobra.ShellCompDirective) {
	values = slices.DeleteFunc(values, func(v string) bool { return !safetext.IsLine(v, maxValue) })
	slices.Sort(values)
	return slices.Compact(values), cobra.ShellCompDirectiveNoFileComp
}

// Servers completes the Supervisors of past logins, also after a logout, by address and by name.
func Servers(e *console.Env) Complete {
	return Values(func() []string {
		store, err := e.OpenStore()
		if err != nil {
			return nil
		}
		return slices.AppendSeq(store.KnownServers(), maps.Values(store.SiteNames()))
	})
}

// Sites completes what a person can call Supervisors: names, and the addresses of those without one. Only the first word is completed.
func Sites(e *console.Env) Complete {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		store, err := e.OpenStore()
		if err != nil || len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return Offer(called(store, store.KnownServers()))
	}
}

// called returns what to call servers: the name of each, or its address.
func called(store *tokens.Store, servers []string) (all []string) {
	names := store.SiteNames()
	for _, server := range servers {
		all = append(all, cmp.Or(names[server], server))
	}
	return all
}

// Users completes the user names of past logins.
func Users(e *console.Env) Complete {
	return Values(func() []string { return eachSession(e, func(s tokens.Session) string { return s.User }) })
}

func eachSession(e *console.Env, what func(tokens.Session) string) (all []string) {
	store, err := e.OpenStore()
	if err != nil {
		return nil
	}
	sessions, _ := store.Sessions()
	for _, s := range sessions {
		all = append(all, what(s))
	}
	return all
}

// Clusters completes the last NAMESPACE/NAME of a comma-separated list, all or none.
func Clusters(e *console.Env) Complete {
	return func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		before := typed[:strings.LastIndexByte(typed, ',')+1]
		values := clusters(e)
		if before == "" {
			values = append(values, "all", "none")
		}
		for i := range values {
			values[i] = before + values[i]
		}
		return Offer(values)
	}
}

// ClusterNames completes the names of the clusters of past logins, without their namespaces.
func ClusterNames(e *console.Env) Complete {
	return Values(func() (all []string) {
		for _, c := range clusters(e) {
			_, name, _ := strings.Cut(c, "/")
			all = append(all, name)
		}
		return all
	})
}

// ClusterNamespaces completes the vSphere Namespaces of clusters of past logins.
func ClusterNamespaces(e *console.Env) Complete {
	return Values(func() (all []string) {
		for _, c := range clusters(e) {
			namespace, _, _ := strings.Cut(c, "/")
			all = append(all, namespace)
		}
		return all
	})
}

// clusters returns the clusters of past logins, as NAMESPACE/NAME.
func clusters(e *console.Env) (all []string) {
	store, err := e.OpenStore()
	if err != nil {
		return nil
	}
	credentials, _ := store.Credentials()
	for _, c := range credentials {
		if c.Key.Cluster != "" {
			all = append(all, c.Key.Cluster)
		}
	}
	return all
}

// Contexts completes the names of the contexts that login lists.
func Contexts(e *console.Env) Complete {
	return Values(func() []string {
		cfg, err := LoadKubeconfig(e)
		if err != nil {
			return nil
		}
		names := slices.Collect(maps.Keys(cfg.Contexts))
		return slices.DeleteFunc(names, func(name string) bool { return !kubeconfig.Listed(cfg, cfg.Contexts[name]) })
	})
}

// Files completes the values of flags with the names of files. Other values are none.
func Files(c *cobra.Command, flags ...string) {
	for _, flag := range flags {
		_ = c.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault
		})
	}
}
