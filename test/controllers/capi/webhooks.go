package main

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"

	"sigs.k8s.io/cluster-api/core/webhooks/admission"
	"sigs.k8s.io/cluster-api/core/webhooks/conversion"
)

// addWebhooks adds defaults, validation and conversion of the kinds that the lab has.
func addWebhooks(mgr ctrl.Manager, clusters admission.ClusterCacheReader) error {
	// v1beta1 names the versions of what it refers to, v1beta2 does not.
	conversion.SetAPIVersionGetter(func(_ context.Context, kind schema.GroupKind) (string, error) {
		mapping, err := mgr.GetRESTMapper().RESTMapping(kind)
		if err != nil {
			return "", err
		}
		return mapping.GroupVersionKind.GroupVersion().String(), nil
	})
	client := mgr.GetClient()
	var errs []error
	for _, webhook := range []interface{ SetupWebhookWithManager(mgr ctrl.Manager) error }{
		&admission.Cluster{Client: client, ClusterCacheReader: clusters},
		&admission.ClusterClass{Client: client},
		&admission.ExtensionConfig{},
		&admission.Machine{},
		&admission.MachineDeployment{},
		&admission.MachineDrainRule{},
		&admission.MachineHealthCheck{},
		&admission.MachinePool{},
		&admission.MachineSet{},
	} {
		errs = append(errs, webhook.SetupWebhookWithManager(mgr))
	}
	return errors.Join(errs...)
}
