package command

import (
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// Kubeconfig returns the user's kubeconfig files. If named is not empty, it returns those files instead, as kubectl --kubeconfig does.
func Kubeconfig(e *console.Env, store *tokens.Store, named ...string) (kubeconfig.Files, error) {
	paths, err := named, error(nil)
	if len(paths) == 0 {
		paths, err = kubeconfig.Locate(e.Getenv, e.Home)
	}
	return kubeconfig.Files{
		Paths: paths, Lock: filepath.Join(store.Dir(), "kubeconfig.lock"),
		Warn: func(message string) { e.Tellf("%s", message) },
	}, err
}

// Open opens the store and returns it with the kubeconfig files (see Kubeconfig).
func Open(e *console.Env, named ...string) (*tokens.Store, kubeconfig.Files, error) {
	store, err := e.OpenStore()
	if err != nil {
		return nil, kubeconfig.Files{}, err
	}
	files, err := Kubeconfig(e, store, named...)
	return store, files, err
}

// LoadKubeconfig reads and merges the user's kubeconfig files.
func LoadKubeconfig(e *console.Env) (*api.Config, error) {
	_, files, err := Open(e)
	if err != nil {
		return nil, err
	}
	return files.Load()
}
