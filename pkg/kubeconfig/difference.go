package kubeconfig

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"k8s.io/client-go/tools/clientcmd/api"
	clientcmdv1 "k8s.io/client-go/tools/clientcmd/api/v1"
)

// difference is the change from one configuration to another, its entries sorted by name. It leaves out the current
// context, which follows rules of its own.
func difference(old, now *api.Config) Change {
	var c Change
	c.DeleteClusters = missing(old.Clusters, now.Clusters)
	c.DeleteContexts = missing(old.Contexts, now.Contexts)
	c.DeleteUsers = missing(old.AuthInfos, now.AuthInfos)
	for _, name := range changed(old.Clusters, now.Clusters) {
		v := clientcmdv1.NamedCluster{Name: name}
		must(clientcmdv1.Convert_api_Cluster_To_v1_Cluster(now.Clusters[name], &v.Cluster, nil))
		c.Clusters = append(c.Clusters, v)
	}
	for _, name := range changed(old.Contexts, now.Contexts) {
		v := clientcmdv1.NamedContext{Name: name}
		must(clientcmdv1.Convert_api_Context_To_v1_Context(now.Contexts[name], &v.Context, nil))
		c.Contexts = append(c.Contexts, v)
	}
	for _, name := range changed(old.AuthInfos, now.AuthInfos) {
		v := clientcmdv1.NamedAuthInfo{Name: name}
		must(clientcmdv1.Convert_api_AuthInfo_To_v1_AuthInfo(now.AuthInfos[name], &v.AuthInfo, nil))
		c.Users = append(c.Users, v)
	}
	return c
}

func missing[T any](old, now map[string]*T) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(old)) {
		if now[name] == nil {
			names = append(names, name)
		}
	}
	return names
}

func changed[T any](old, now map[string]*T) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if !reflect.DeepEqual(old[name], now[name]) {
			names = append(names, name)
		}
	}
	return names
}

// must is for conversions of plain structs, which cannot fail.
func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("convert a kubeconfig entry: %v", err))
	}
}
