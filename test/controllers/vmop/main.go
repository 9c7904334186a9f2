// Command vmop runs VM Operator for one namespace of a lab: its own main listens on every interface, and no flag changes that.
//
// It makes virtual machines in the vCenter that its ConfigMap names, and answers requests for their web consoles. It probes none: their
// addresses are nobody's.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/vmware-tanzu/vm-operator/pkg/config"
	"github.com/vmware-tanzu/vm-operator/pkg/manager"
	providers "github.com/vmware-tanzu/vm-operator/pkg/manager/init"
)

// systemNamespace is where VM Operator's own objects are.
const systemNamespace = "vmware-system-vmop"

type options struct {
	host, certDir, namespace, proxy string
	webhookPort, healthPort         int
}

func main() {
	var o options
	flag.StringVar(&o.host, "host", "127.0.0.1", "the only address to listen at")
	flag.IntVar(&o.webhookPort, "webhook-port", 9878, "")
	flag.IntVar(&o.healthPort, "health-port", 9445, "")
	flag.StringVar(&o.certDir, "webhook-cert-dir", "", "holds tls.crt and tls.key")
	flag.StringVar(&o.namespace, "namespace", "", "the only namespace to look after")
	flag.StringVar(&o.proxy, "proxy", "", "where people reach the proxy of web consoles")
	flag.Parse()
	ctrl.SetLogger(klog.Background())
	if err := run(ctrl.SetupSignalHandler(), o); err != nil {
		fmt.Fprintln(os.Stderr, "vmop:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	kubeconfig, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	kubeconfig.QPS, kubeconfig.Burst = 500, 1000
	settings := o.settings()
	mgr, err := manager.New(config.WithContext(ctx, settings), manager.Options{
		KubeConfig: kubeconfig, WatchNamespace: o.namespace, PodNamespace: systemNamespace, PodName: settings.PodName,
		MetricsAddr: "0", HealthProbeBindAddress: fmt.Sprintf("%s:%d", o.host, o.healthPort), MaxConcurrentReconciles: settings.MaxConcurrentReconciles,
		WebhookServiceContainerPort: o.webhookPort, WebhookSecretVolumeMountPath: filepath.Clean(o.certDir),
		InitializeProviders: providers.InitializeProviders, AddToManager: o.add,
	})
	if err != nil {
		return err
	}
	server, ok := mgr.GetWebhookServer().(*webhook.DefaultServer)
	if !ok {
		return fmt.Errorf("VM Operator has a webhook server of the type %T", mgr.GetWebhookServer())
	}
	server.Options.Host = o.host
	if err := mgr.AddReadyzCheck("webhook", server.StartedChecker()); err != nil {
		return err
	}
	return mgr.Start(ctx)
}

// settings are what VM Operator reads from its environment on a Supervisor.
func (o options) settings() config.Config {
	c := config.Default()
	c.NetworkProviderType = config.NetworkProviderTypeNamed
	c.PodNamespace, c.WatchNamespace, c.ProfilerAddr = systemNamespace, o.namespace, ""
	c.MaxConcurrentReconciles = 8 // The default of 1 leaves no slot to make a VM.
	c.Features.InstanceStorage = false
	return c
}
