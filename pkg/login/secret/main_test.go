package secret

import (
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/leak"
)

func TestMain(m *testing.M) {
	hashMemory = 64
	leak.Main(m)
}
