package mask_test

import (
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/costtest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig/mask"
)

// What a scalar costs does not grow with what stands before and after it: a kubeconfig of somebody else can have many.
func TestCostOfManyScalars(t *testing.T) {
	for name, text := range map[string]string{
		"one long word":           "a: [" + strings.Repeat("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,", 15_000) + "a]\n",
		"many block scalars":      "a:\n" + strings.Repeat("- |\n  b\n", 10_000),
		"values below a long key": "? " + strings.Repeat("a", 1<<20) + "\n: [" + strings.Repeat("b, ", 5_000) + "b]\n",
		"deep lists":              "a: [" + strings.Repeat(strings.Repeat("[", 2_000)+"b"+strings.Repeat("]", 2_000)+", ", 3) + "b]\n",
	} {
		costtest.Limit(t, name, func() {
			if _, err := mask.Text([]byte(text)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}
