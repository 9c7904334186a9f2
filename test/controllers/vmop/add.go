package main

import (
	gocontext "context"
	"errors"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/vmware-tanzu/vm-operator/controllers/contentlibrary"
	"github.com/vmware-tanzu/vm-operator/controllers/infra"
	"github.com/vmware-tanzu/vm-operator/controllers/virtualmachine"
	"github.com/vmware-tanzu/vm-operator/controllers/virtualmachineclass"
	"github.com/vmware-tanzu/vm-operator/controllers/virtualmachineservice"
	"github.com/vmware-tanzu/vm-operator/controllers/virtualmachinesetresourcepolicy"
	"github.com/vmware-tanzu/vm-operator/controllers/virtualmachinewebconsolerequest"
	webconsole "github.com/vmware-tanzu/vm-operator/controllers/virtualmachinewebconsolerequest/v1alpha2"
	"github.com/vmware-tanzu/vm-operator/controllers/volume"
	"github.com/vmware-tanzu/vm-operator/pkg/context"
	"github.com/vmware-tanzu/vm-operator/pkg/prober"
	machinewebhooks "github.com/vmware-tanzu/vm-operator/webhooks/virtualmachine"
	classwebhooks "github.com/vmware-tanzu/vm-operator/webhooks/virtualmachineclass"
	servicewebhooks "github.com/vmware-tanzu/vm-operator/webhooks/virtualmachineservice"
	policywebhooks "github.com/vmware-tanzu/vm-operator/webhooks/virtualmachinesetresourcepolicy"
	consolewebhooks "github.com/vmware-tanzu/vm-operator/webhooks/virtualmachinewebconsolerequest"
)

// add adds what makes virtual machines and gives people their consoles. Nobody publishes images.
func (o options) add(ctx *context.ControllerManagerContext, mgr manager.Manager) error {
	var errs []error
	for _, add := range []func(*context.ControllerManagerContext, manager.Manager) error{
		contentlibrary.AddToManager, infra.AddToManager, virtualmachine.AddToManager, virtualmachineclass.AddToManager,
		virtualmachineservice.AddToManager, virtualmachinesetresourcepolicy.AddToManager, volume.AddToManager,
		o.addConsoles, machinewebhooks.AddToManager, classwebhooks.AddToManager, servicewebhooks.AddToManager, policywebhooks.AddToManager,
		consolewebhooks.AddToManager,
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

// addConsoles adds what answers both kinds of requests for web consoles.
func (o options) addConsoles(ctx *context.ControllerManagerContext, mgr manager.Manager) error {
	return virtualmachinewebconsolerequest.AddToManager(ctx, balanced{mgr, o.proxy})
}

// balanced is a manager of a Supervisor whose load balancer has an address that people reach. The one in the Service is nobody's, since
// CAPV puts it into Endpoints, and they take none of loopback.
type balanced struct {
	manager.Manager
	address string
}

// GetClient returns a client that sees the address.
func (m balanced) GetClient() client.Client { return balancedClient{m.Manager.GetClient(), m.address} }

type balancedClient struct {
	client.Client
	address string
}

// Get makes up the Service of the load balancer. It would not find it either: this manager sees one namespace.
func (c balancedClient) Get(ctx gocontext.Context, key client.ObjectKey, o client.Object, options ...client.GetOption) error {
	service, ok := o.(*corev1.Service)
	if !ok || key.Namespace != webconsole.ProxyAddrServiceNamespace || key.Name != webconsole.ProxyAddrServiceName {
		return c.Client.Get(ctx, key, o, options...)
	}
	service.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: c.address}}
	return nil
}
