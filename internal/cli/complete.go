package cli

import (
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// What is completed comes from the store and the kubeconfig: no key press asks a server.

// offer makes a completion of the values that begin with what is typed.
func offer(values []string) ([]string, cobra.ShellCompDirective) {
	slices.Sort(values)
	return slices.Compact(values), cobra.ShellCompDirectiveNoFileComp
}

func (a *App) sessions() []tokens.Session {
	store, err := a.openStore()
	if err != nil {
		return nil
	}
	all, _ := store.Sessions()
	return all
}

func (a *App) completeServers(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var all []string
	for _, s := range a.sessions() {
		all = append(all, s.Server)
	}
	return offer(all)
}

func (a *App) completeUsers(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var all []string
	for _, s := range a.sessions() {
		all = append(all, s.User)
	}
	return offer(all)
}

// clusters lists the clusters of past logins as NAMESPACE/NAME.
func (a *App) clusters() []string {
	store, err := a.openStore()
	if err != nil {
		return nil
	}
	credentials, _ := store.Credentials()
	var all []string
	for _, c := range credentials {
		if c.Key.Cluster != "" {
			all = append(all, c.Key.Cluster)
		}
	}
	return all
}

// completeClusters completes the last name of a comma-separated list.
func (a *App) completeClusters(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	before := typed[:strings.LastIndexByte(typed, ',')+1]
	values := a.clusters()
	if before == "" {
		values = append(values, "all", "none")
	}
	for i := range values {
		values[i] = before + values[i]
	}
	return offer(values)
}

func (a *App) completeClusterNames(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var all []string
	for _, c := range a.clusters() {
		_, name, _ := strings.Cut(c, "/")
		all = append(all, name)
	}
	return offer(all)
}

func (a *App) completeClusterNamespaces(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var all []string
	for _, c := range a.clusters() {
		namespace, _, _ := strings.Cut(c, "/")
		all = append(all, namespace)
	}
	return offer(all)
}

func (a *App) completeContexts(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	cfg, err := a.loadKubeconfig()
	if err != nil {
		cfg = api.NewConfig()
	}
	names := slices.Collect(maps.Keys(cfg.Contexts))
	return offer(slices.DeleteFunc(names, func(name string) bool { return !kubeconfig.Listed(cfg, cfg.Contexts[name]) }))
}
