//go:build faults

// Package disktest shows a test which calls changed files (with the tag "faults"), and lets it mount something or be somebody else.
package disktest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Trace calls do and returns the names of its calls that changed files, in their order.
func Trace(t *testing.T, do func() error) (calls []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "trace")
	t.Setenv("KUBECTL_VSPHERE_DISK_TRACE", path)
	if err := do(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		calls = append(calls, strings.Fields(line)[1])
	}
	return calls
}

// Durable fails the test if do does not write a file so that it outlives a crash of the machine: its text is on disk before its name,
// and the name before do returns.
func Durable(t *testing.T, do func() error) {
	t.Helper()
	if calls := strings.Join(Trace(t, do), " "); !strings.Contains(calls, "write chmod fsync rename fsyncdir") {
		t.Errorf("the calls are %s", calls)
	}
}
