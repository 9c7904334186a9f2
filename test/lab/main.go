// Command vsphere-lab runs a whole vSphere Supervisor site on loopback addresses.
package main

import (
	"os"

	_ "go.etcd.io/etcd/server/v3/embed"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	if err := app.NewAPIServerCommand().Execute(); err != nil {
		os.Exit(1)
	}
}
