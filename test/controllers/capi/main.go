// Command capi runs the core of Cluster API for a lab: its own main listens on every interface, and no flag changes that.
//
// It serves the webhooks of the kinds that the lab has, and reconciles Clusters, ClusterClasses and Machines. In one namespace, if that is
// asked for, it also makes machines of Clusters, with kubeadm.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"sigs.k8s.io/cluster-api/core/setup"
	"sigs.k8s.io/cluster-api/feature"
	"sigs.k8s.io/cluster-api/util/index"
)

// name is what Cluster API calls its core.
const name = "cluster-api-controller-manager"

// syncPeriod is how often everything is looked at although nothing changed, as in Cluster API's own main.
const syncPeriod = 10 * time.Minute

type options struct {
	host, certDir           string
	webhookPort, healthPort int
	provision               string
}

func main() {
	var o options
	flag.StringVar(&o.host, "host", "127.0.0.1", "the only address to listen at")
	flag.IntVar(&o.webhookPort, "webhook-port", 9443, "")
	flag.IntVar(&o.healthPort, "health-port", 9440, "")
	flag.StringVar(&o.certDir, "webhook-cert-dir", "", "holds tls.crt and tls.key")
	flag.StringVar(&o.provision, "provision", "", "a namespace in which clusters are made, too")
	flag.Parse()
	ctrl.SetLogger(klog.Background())
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "capi:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	// A site's clusters have a class.
	if err := feature.MutableGates.Set(string(feature.ClusterTopology) + "=true"); err != nil {
		return err
	}
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 100, 200
	scheme, err := newScheme()
	if err != nil {
		return err
	}
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                 scheme,
		Cache:                  setup.ManagerCacheOptions(scheme, name, "", syncPeriod),
		Client:                 setup.ManagerClientOptions(),
		Metrics:                metricsserver.Options{BindAddress: "0"}, // none
		HealthProbeBindAddress: fmt.Sprintf("%s:%d", o.host, o.healthPort),
		WebhookServer:          webhook.NewServer(webhook.Options{Host: o.host, Port: o.webhookPort, CertDir: o.certDir}),
	})
	if err != nil {
		return err
	}
	ctx := ctrl.SetupSignalHandler()
	if err := index.AddDefaultIndexes(ctx, mgr); err != nil {
		return err
	}
	clusters, err := addReconcilers(ctx, mgr)
	if err != nil {
		return err
	}
	if err := addWebhooks(mgr, clusters); err != nil {
		return err
	}
	if o.provision != "" {
		if err := provision(ctx, mgr, config, o.provision, clusters); err != nil {
			return err
		}
	}
	if err := mgr.AddReadyzCheck("webhook", mgr.GetWebhookServer().StartedChecker()); err != nil {
		return err
	}
	return mgr.Start(ctx)
}
