//go:build provision

package main

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	bootstrapv1beta1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta1" //nolint:staticcheck // Its webhooks want it, though the lab does not serve it.
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
	controlplanev1beta1 "sigs.k8s.io/cluster-api/api/controlplane/kubeadm/v1beta1" //nolint:staticcheck // As above.
	controlplanev1 "sigs.k8s.io/cluster-api/api/controlplane/kubeadm/v1beta2"
	"sigs.k8s.io/cluster-api/bootstrap/kubeadm/reconcilers/kubeadmconfig"
	bootstrapsetup "sigs.k8s.io/cluster-api/bootstrap/kubeadm/setup"
	bootstrapadmission "sigs.k8s.io/cluster-api/bootstrap/kubeadm/webhooks/admission"
	"sigs.k8s.io/cluster-api/controllers/clustercache"
	"sigs.k8s.io/cluster-api/controlplane/kubeadm/reconcilers/kubeadmcontrolplane"
	controlplaneadmission "sigs.k8s.io/cluster-api/controlplane/kubeadm/webhooks/admission"
	"sigs.k8s.io/cluster-api/core/reconcilers/machinedeployment"
	"sigs.k8s.io/cluster-api/core/reconcilers/machinehealthcheck"
	"sigs.k8s.io/cluster-api/core/reconcilers/machineset"
	topologycluster "sigs.k8s.io/cluster-api/core/reconcilers/topology/cluster"
	topologymachinedeployment "sigs.k8s.io/cluster-api/core/reconcilers/topology/machinedeployment"
	topologymachineset "sigs.k8s.io/cluster-api/core/reconcilers/topology/machineset"
	"sigs.k8s.io/cluster-api/core/setup"
	"sigs.k8s.io/cluster-api/util/index"
)

// addKubeadm adds the kinds of kubeadm.
func addKubeadm(scheme *runtime.Scheme) error {
	return errors.Join(
		bootstrapv1beta1.AddToScheme(scheme), bootstrapv1.AddToScheme(scheme), controlplanev1beta1.AddToScheme(scheme), controlplanev1.AddToScheme(scheme),
	)
}

// provision makes clusters out of Clusters of one namespace, with kubeadm. In all others a lab has made everything itself, and these
// controllers would make it again. They have a manager of their own, since what a manager sees it sees in the same namespaces.
func provision(ctx context.Context, main ctrl.Manager, config *rest.Config, namespace string, clusters clustercache.ClusterCache) error {
	// Cluster API counts what each name looks at, and allows no name twice.
	const name = name + "-provision"
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: main.GetScheme(), Cache: cacheOf(main.GetScheme(), name, namespace), Client: setup.ManagerClientOptions(),
		Metrics: metricsserver.Options{BindAddress: "0"}, // none
	})
	if err != nil {
		return err
	}
	if err := index.AddDefaultIndexes(ctx, mgr); err != nil {
		return err
	}
	if err := addMakers(ctx, mgr, clusters); err != nil {
		return err
	}
	return errors.Join(addKubeadmWebhooks(main), main.Add(mgr))
}

// cacheOf looks at one namespace. It says so by a selector: Cluster API refuses the informers of a cache that is told namespaces.
func cacheOf(scheme *runtime.Scheme, name, namespace string) cache.Options {
	all := setup.ManagerCacheOptions(scheme, name, "", syncPeriod)
	all.DefaultFieldSelector = fields.OneTermEqualSelector("metadata.namespace", namespace)
	all.ByObject = map[client.Object]cache.ByObject{&apiextensionsv1.CustomResourceDefinition{}: {Field: fields.Everything()}} // They have none.
	for kind, secrets := range bootstrapsetup.ManagerCacheOptions(scheme, name+"-secrets", "", syncPeriod).ByObject {
		if _, ok := kind.(*corev1.Secret); ok { // With the data of those that kubeadm puts into machines.
			all.ByObject[kind] = secrets
		}
	}
	return all
}

// addMakers adds what makes control planes, pools and machines. The main manager looks after Clusters and Machines themselves.
func addMakers(ctx context.Context, mgr ctrl.Manager, clusters clustercache.ClusterCache) error {
	secrets, err := setup.CreateSecretCachingClient(mgr)
	if err != nil {
		return err
	}
	many := controller.Options{MaxConcurrentReconciles: 10}
	patient := many
	patient.ReconciliationTimeout = 3 * time.Minute // as in its own main
	c, reader := mgr.GetClient(), mgr.GetAPIReader()
	return errors.Join(
		(&topologycluster.Reconciler{Client: c, APIReader: reader, ClusterCache: clusters}).SetupWithManager(ctx, mgr, many),
		(&topologymachinedeployment.Reconciler{Client: c, APIReader: reader}).SetupWithManager(ctx, mgr, many),
		(&topologymachineset.Reconciler{Client: c, APIReader: reader}).SetupWithManager(ctx, mgr, many),
		(&machinedeployment.Reconciler{Client: c, APIReader: reader}).SetupWithManager(ctx, mgr, many),
		(&machineset.Reconciler{Client: c, APIReader: reader, ClusterCache: clusters}).SetupWithManager(ctx, mgr, many),
		(&machinehealthcheck.Reconciler{Client: c, ClusterCache: clusters}).SetupWithManager(ctx, mgr, many),
		(&kubeadmconfig.Reconciler{
			Client: c, APIReader: reader, SecretCachingClient: secrets, ClusterCache: clusters, TokenTTL: kubeadmconfig.DefaultTokenTTL,
		}).SetupWithManager(ctx, mgr, many),
		(&kubeadmcontrolplane.Reconciler{
			Client: c, APIReader: reader, SecretCachingClient: secrets, ClusterCache: clusters, RemoteConditionsGracePeriod: conditionsGrace,
			// It is external, and nobody asks it.
			EtcdLogger: zap.NewNop(), EtcdDialTimeout: time.Second, EtcdCallTimeout: time.Second,
		}).SetupWithManager(ctx, mgr, patient),
	)
}

// addKubeadmWebhooks adds defaults and validation of kubeadm's kinds.
func addKubeadmWebhooks(mgr ctrl.Manager) error {
	return errors.Join(
		(&bootstrapadmission.KubeadmConfig{}).SetupWebhookWithManager(mgr),
		(&bootstrapadmission.KubeadmConfigTemplate{}).SetupWebhookWithManager(mgr),
		(&controlplaneadmission.KubeadmControlPlane{}).SetupWebhookWithManager(mgr),
		(&controlplaneadmission.KubeadmControlPlaneTemplate{}).SetupWebhookWithManager(mgr),
		(&controlplaneadmission.ScaleValidator{Client: mgr.GetClient()}).SetupWebhookWithManager(mgr),
	)
}
