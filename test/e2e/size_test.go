package e2e

import (
	"os"
	"testing"
)

// What the Makefile builds stays small: people download it, and a registry client starts the helper for each registry that it knows.
func TestProgramsAreSmall(t *testing.T) {
	for name, most := range map[string]int64{"kubectl-vsphere": 16_000_000, "docker-credential-vsphere": 3_500_000} {
		info, err := os.Stat(bin + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > most {
			t.Errorf("%s has %d bytes, and may have %d: internal/layers_test.go says what a program must not link", name, info.Size(), most)
		}
	}
}
