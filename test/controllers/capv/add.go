package main

import (
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"sigs.k8s.io/cluster-api/controllers/clustercache"
	"sigs.k8s.io/cluster-api/controllers/remote"

	"sigs.k8s.io/cluster-api-provider-vsphere/controllers"
	"sigs.k8s.io/cluster-api-provider-vsphere/controllers/vmware"
	capvcontext "sigs.k8s.io/cluster-api-provider-vsphere/pkg/context"
	webhooks "sigs.k8s.io/cluster-api-provider-vsphere/webhooks/vmware"
)

// name is what the provider calls its manager.
const name = "cluster-api-vsphere-manager"

// add adds the controllers and webhooks of a Supervisor.
func add(ctx context.Context, c *capvcontext.ControllerManagerContext, mgr manager.Manager) error {
	many := controller.Options{MaxConcurrentReconciles: 10}
	clusters, err := newClusterCache(ctx, mgr, many)
	if err != nil {
		return err
	}
	return errors.Join(
		(&webhooks.VSphereMachineTemplate{}).SetupWebhookWithManager(mgr, c.NetworkProvider),
		(&webhooks.VSphereMachine{}).SetupWebhookWithManager(mgr, c.NetworkProvider),
		(&webhooks.VSphereCluster{}).SetupWebhookWithManager(mgr, c.NetworkProvider),
		controllers.AddClusterControllerToManager(ctx, c, mgr, true, many),
		controllers.AddMachineControllerToManager(ctx, c, mgr, true, many),
		vmware.AddVSphereMachineTemplateControllerToManager(ctx, c, mgr, many),
		vmware.AddServiceAccountProviderControllerToManager(ctx, c, mgr, clusters, many),
		vmware.AddServiceDiscoveryControllerToManager(ctx, c, mgr, clusters, many),
	)
}

// newClusterCache has the connections to the clusters.
func newClusterCache(ctx context.Context, mgr manager.Manager, many controller.Options) (clustercache.ClusterCache, error) {
	secrets, err := client.New(mgr.GetConfig(), client.Options{HTTPClient: mgr.GetHTTPClient(), Cache: &client.CacheOptions{Reader: mgr.GetCache()}})
	if err != nil {
		return nil, err
	}
	return clustercache.SetupWithManager(ctx, mgr, clustercache.Options{
		SecretClient: secrets,
		Client: clustercache.ClientOptions{
			QPS: 20, Burst: 30, UserAgent: remote.DefaultClusterAPIUserAgent(name),
			Cache: clustercache.ClientCacheOptions{DisableFor: []client.Object{&corev1.ConfigMap{}, &corev1.Secret{}}},
		},
	}, many)
}
