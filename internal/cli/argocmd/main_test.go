package argocmd_test

import (
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }
