// Command capv runs the provider of Cluster API for vSphere, as a Supervisor does, for one namespace of a lab: its own main listens on
// every interface, and no flag changes that.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlmanager "sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"sigs.k8s.io/cluster-api-provider-vsphere/pkg/manager"
)

// syncPeriod is how often everything is looked at although nothing changed, as in its own main.
const syncPeriod = 10 * time.Minute

type options struct {
	host, certDir, namespace string
	webhookPort, healthPort  int
}

func main() {
	var o options
	flag.StringVar(&o.host, "host", "127.0.0.1", "the only address to listen at")
	flag.IntVar(&o.webhookPort, "webhook-port", 9446, "")
	flag.IntVar(&o.healthPort, "health-port", 9446, "")
	flag.StringVar(&o.certDir, "webhook-cert-dir", "", "holds tls.crt and tls.key")
	flag.StringVar(&o.namespace, "namespace", "", "the only namespace to look after")
	flag.Parse()
	ctrl.SetLogger(klog.Background())
	if err := run(ctrl.SetupSignalHandler(), o); err != nil {
		fmt.Fprintln(os.Stderr, "capv:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 100, 200
	period := syncPeriod
	mgr, err := manager.New(ctx, manager.Options{
		KubeConfig: config, PodName: name, AddToManager: add,
		// The load balancer is a Service that somebody else gives an address, as on a Supervisor.
		NetworkProvider: manager.DummyLBNetworkProvider,
		// Of a vCenter, which in this mode only VM Operator talks to.
		Username: "unused", Password: "unused",
		Options: ctrlmanager.Options{
			Cache: cache.Options{
				SyncPeriod: &period, DefaultNamespaces: map[string]cache.Config{o.namespace: {}},
				// The Service of the Supervisor's own load balancer, too.
				ByObject: map[client.Object]cache.ByObject{&corev1.Service{}: {Namespaces: map[string]cache.Config{o.namespace: {}, metav1.NamespaceSystem: {}}}},
			},
			Metrics:                metricsserver.Options{BindAddress: "0"}, // none
			HealthProbeBindAddress: fmt.Sprintf("%s:%d", o.host, o.healthPort),
			WebhookServer:          webhook.NewServer(webhook.Options{Host: o.host, Port: o.webhookPort, CertDir: o.certDir}),
		},
	})
	if err != nil {
		return err
	}
	if err := mgr.AddReadyzCheck("webhook", mgr.GetWebhookServer().StartedChecker()); err != nil {
		return err
	}
	return mgr.Start(ctx)
}
