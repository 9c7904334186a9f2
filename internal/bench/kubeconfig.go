package main

import (
	"context"
	"crypto/sha256"
	"encoding/pem"
	"fmt"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

const (
	program = "kubectl-vsphere"
	user    = "dev@vsphere.local"
	// certificate is about the size of a cluster's CA in DER, in bytes: an RSA key of 2048 bits and a signature.
	certificate = 800
)

// wanted returns n contexts of clusters, each with its own address and CA. Two values of network give two different sets.
func wanted(network, n int) []kubeconfig.Wanted {
	var all []kubeconfig.Wanted
	for i := range n {
		name := fmt.Sprintf("team-%d-%04d", network, i)
		all = append(all, kubeconfig.Wanted{Name: name, Target: kubeconfig.Target{
			Key:    tokens.Key{Server: fmt.Sprintf("supervisor-%d.example.com", network), User: user, Cluster: "production/" + name},
			Server: fmt.Sprintf("https://10.%d.%d.%d:6443", network, i/256, i%256),
			CA:     ca(name),
		}})
	}
	return all
}

// ca returns a text as long as a CA that compresses as little, since it is made of hashes.
func ca(name string) []byte {
	der := make([]byte, 0, certificate+sha256.Size)
	for sum := sha256.Sum256([]byte(name)); len(der) < certificate; sum = sha256.Sum256(sum[:]) {
		der = append(der, sum[:]...)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der[:certificate]})
}

// writeKubeconfig writes a file with n contexts as kubectl does.
func writeKubeconfig(path string, n int) error {
	text, err := kubeconfig.Plan(api.NewConfig(), kubeconfig.Options{Command: program}, wanted(1, n)).Change.Text()
	if err != nil {
		return err
	}
	cfg, err := clientcmd.Load(text)
	if err != nil {
		return err
	}
	return clientcmd.WriteToFile(*cfg, path)
}

// rewrite does the least that a program must do to change a kubeconfig with client-go.
func rewrite(path string) error {
	cfg, err := clientcmd.LoadFromFile(path)
	if err != nil {
		return err
	}
	return clientcmd.WriteToFile(*cfg, path)
}

// update puts n new contexts into the file, as login does.
func update(ctx context.Context, path string, n int) error {
	files := kubeconfig.Files{Paths: []string{path}, Lock: path + ".ours", Warn: func(string) {}}
	added := wanted(2, n)
	report, err := files.Update(ctx, false, func(old *api.Config) (kubeconfig.Change, error) {
		return kubeconfig.Plan(old, kubeconfig.Options{Command: program}, added).Change, nil
	})
	if err == nil && len(report.Written) != 1 {
		err = fmt.Errorf("%d files were written", len(report.Written))
	}
	return err
}
