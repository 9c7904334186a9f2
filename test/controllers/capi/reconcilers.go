package main

import (
	"context"
	"errors"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/controller"

	"sigs.k8s.io/cluster-api/controllers/clustercache"
	"sigs.k8s.io/cluster-api/core/reconcilers/cluster"
	"sigs.k8s.io/cluster-api/core/reconcilers/clusterclass"
	"sigs.k8s.io/cluster-api/core/reconcilers/machine"
	"sigs.k8s.io/cluster-api/core/setup"
)

// The grace periods of Cluster API's own main: how long a cluster may be out of reach before conditions say so.
const (
	connectionGrace = 50 * time.Second
	conditionsGrace = 5 * time.Minute
)

// addReconcilers returns the connections to the clusters.
func addReconcilers(ctx context.Context, mgr ctrl.Manager) (clustercache.ClusterCache, error) {
	secrets, err := setup.CreateSecretCachingClient(mgr)
	if err != nil {
		return nil, err
	}
	many := controller.Options{MaxConcurrentReconciles: 10}
	clusters, err := clustercache.SetupWithManager(ctx, mgr, clustercache.Options{
		SecretClient: secrets, Cache: setup.ClusterCacheCacheOptions(), Client: setup.ClusterCacheClientOptions(name, 20, 30),
	}, many)
	if err != nil {
		return nil, err
	}
	client, reader := mgr.GetClient(), mgr.GetAPIReader()
	classes := &clusterclass.Reconciler{Client: client}
	all := &cluster.Reconciler{Client: client, APIReader: reader, ClusterCache: clusters, RemoteConnectionGracePeriod: connectionGrace}
	machines := &machine.Reconciler{Client: client, APIReader: reader, ClusterCache: clusters, RemoteConditionsGracePeriod: conditionsGrace}
	return clusters, errors.Join(
		classes.SetupWithManager(ctx, mgr, many), all.SetupWithManager(ctx, mgr, many), machines.SetupWithManager(ctx, mgr, many),
	)
}
