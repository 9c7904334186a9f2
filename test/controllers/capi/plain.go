//go:build !provision

package main

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"

	"sigs.k8s.io/cluster-api/controllers/clustercache"
)

// addKubeadm adds nothing: this program knows no kinds of kubeadm.
func addKubeadm(*runtime.Scheme) error { return nil }

// provision is in a program of its own, which the build tag of this name makes: what it imports costs every Supervisor memory.
func provision(context.Context, ctrl.Manager, *rest.Config, string, clustercache.ClusterCache) error {
	return errors.New("this program makes no clusters: it was built without the tag provision")
}
