// Command controller greets each ConfigMap that has a key "name": it adds a key "greeting". It is an example of a controller
// that runs on a session of kubectl-vsphere, and goes on when the tokens of that end.
//
//	kubectl vsphere login --server 10.0.0.1 -u dev@vsphere.local
//	controller -context tkc1 -namespace default
package main

import (
	"context"
	"flag"
	"log/slog"
	"os"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	vsphere "github.com/kubectl-vsphere/kubectl-vsphere/pkg/client"
)

func main() {
	name := flag.String("context", "", "`NAME` of the kubeconfig context. (default the current one)")
	namespace := flag.String("namespace", "default", "`NAMESPACE` to watch.")
	flag.Parse()
	ctrl.SetLogger(logr.FromSlogHandler(slog.Default().Handler()))
	if err := run(ctrl.SetupSignalHandler(), vsphere.Stored{Context: *name, Logger: slog.Default()}, *namespace); err != nil {
		slog.Error(err.Error()) // It says what to type if somebody must log in.
		os.Exit(1)
	}
}

// run runs the controller until ctx ends.
func run(ctx context.Context, from vsphere.Stored, namespace string) error {
	session, err := vsphere.Load(ctx, from)
	if err != nil {
		return err
	}
	manager, err := ctrl.NewManager(session.Config(), ctrl.Options{
		Cache:   cache.Options{DefaultNamespaces: map[string]cache.Config{namespace: {}}},
		Metrics: server.Options{BindAddress: "0"},
	})
	if err != nil {
		return err
	}
	if err := ctrl.NewControllerManagedBy(manager).For(&corev1.ConfigMap{}).Complete(&greeter{manager.GetClient()}); err != nil {
		return err
	}
	return manager.Start(ctx)
}

// greeter is the reconciler.
type greeter struct{ client.Client }

// Reconcile greets one ConfigMap.
func (g *greeter) Reconcile(ctx context.Context, r ctrl.Request) (ctrl.Result, error) {
	var m corev1.ConfigMap
	if err := g.Get(ctx, r.NamespacedName, &m); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	greeting := "hello, " + m.Data["name"]
	if m.Data["name"] == "" || m.Data["greeting"] == greeting {
		return ctrl.Result{}, nil
	}
	before := client.MergeFrom(m.DeepCopy())
	m.Data["greeting"] = greeting
	return ctrl.Result{}, g.Patch(ctx, &m, before)
}
