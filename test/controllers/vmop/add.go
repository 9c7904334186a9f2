package main

import (
	"errors"

	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/vmware-tanzu/vm-operator/controllers/contentlibrary"
	"github.com/vmware-tanzu/vm-operator/controllers/infra"
	"github.com/vmware-tanzu/vm-operator/controllers/virtualmachine"
	"github.com/vmware-tanzu/vm-operator/controllers/virtualmachineclass"
	"github.com/vmware-tanzu/vm-operator/controllers/virtualmachineservice"
	"github.com/vmware-tanzu/vm-operator/controllers/virtualmachinesetresourcepolicy"
	"github.com/vmware-tanzu/vm-operator/controllers/volume"
	"github.com/vmware-tanzu/vm-operator/pkg/context"
	"github.com/vmware-tanzu/vm-operator/pkg/prober"
	machinewebhooks "github.com/vmware-tanzu/vm-operator/webhooks/virtualmachine"
	classwebhooks "github.com/vmware-tanzu/vm-operator/webhooks/virtualmachineclass"
	servicewebhooks "github.com/vmware-tanzu/vm-operator/webhooks/virtualmachineservice"
	policywebhooks "github.com/vmware-tanzu/vm-operator/webhooks/virtualmachinesetresourcepolicy"
)

// add adds what makes virtual machines. The lab itself answers requests for web consoles, and nobody publishes images.
func add(ctx *context.ControllerManagerContext, mgr manager.Manager) error {
	var errs []error
	for _, add := range []func(*context.ControllerManagerContext, manager.Manager) error{
		contentlibrary.AddToManager, infra.AddToManager, virtualmachine.AddToManager, virtualmachineclass.AddToManager,
		virtualmachineservice.AddToManager, virtualmachinesetresourcepolicy.AddToManager, volume.AddToManager,
		machinewebhooks.AddToManager, classwebhooks.AddToManager, servicewebhooks.AddToManager, policywebhooks.AddToManager,
	} {
		errs = append(errs, add(ctx, unprobed{mgr}))
	}
	return errors.Join(errs...)
}

// unprobed never starts the probes of virtual machines: they would dial addresses outside this machine.
type unprobed struct{ manager.Manager }

// Add leaves the prober out.
func (m unprobed) Add(r manager.Runnable) error {
	if _, ok := r.(prober.Manager); ok {
		return nil
	}
	return m.Manager.Add(r)
}
