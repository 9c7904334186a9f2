// Command controller is a program of controller-runtime that logs in with the session of kubectl-vsphere. It prints the names of the config
// maps of a namespace as they come, until its standard input ends.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	vsphere "github.com/kubectl-vsphere/kubectl-vsphere/pkg/client"
)

func main() {
	at := flag.String("context", "", "")
	namespace := flag.String("namespace", "default", "")
	flag.Parse()
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	if err := run(ctx, *at, *namespace); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run watches until ctx ends.
func run(ctx context.Context, at, namespace string) error {
	ctrl.SetLogger(logr.Discard())
	session, err := vsphere.Load(ctx, vsphere.Stored{Context: at})
	if err != nil {
		return err
	}
	m, err := ctrl.NewManager(session.Config(), ctrl.Options{
		Scheme:  scheme.Scheme,
		Metrics: server.Options{BindAddress: "0"},
		Cache:   cache.Options{DefaultNamespaces: map[string]cache.Config{namespace: {}}},
	})
	if err != nil {
		return err
	}
	r := &reconciler{direct: m.GetAPIReader()}
	if err := ctrl.NewControllerManagedBy(m).For(&corev1.ConfigMap{}).Complete(r); err != nil {
		return err
	}
	return m.Start(ctx)
}

// reconciler prints what it sees. It asks the server once more, since a watch goes on after its token has ended.
type reconciler struct{ direct client.Reader }

func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var object corev1.ConfigMap
	if err := r.direct.Get(ctx, request.NamespacedName, &object); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	fmt.Println(object.Name)
	return ctrl.Result{}, nil
}
