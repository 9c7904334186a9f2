package registry_test

import (
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
)

func TestCheckBacking(t *testing.T) {
	for name, good := range map[string]bool{
		"pass": true, "secretservice": true, "ecr-login": true, "vsphere": false, "": false, "../x": false, "a/b": false, "-x": false, "a b": false,
	} {
		if err := registry.CheckBacking(name); (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
	}
}
