package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each command that the help lists has a page, with the day and the version that were said.
func TestManual(t *testing.T) {
	dir := t.TempDir()
	if err := run([]string{"man", dir, "2026-11-27", "1.2.3"}, nil, nil); err != nil {
		t.Fatal(err)
	}
	for _, c := range all(tree()) {
		listed := !c.Hidden && c.Name() != "help"
		text, err := os.ReadFile(filepath.Join(dir, strings.ReplaceAll(c.CommandPath(), " ", "-")+".1"))
		if (err == nil) != listed {
			t.Errorf("%s, listed: %t: %v", c.CommandPath(), listed, err)
		}
		if listed && !strings.Contains(string(text), `"Nov 2026" "kubectl-vsphere 1.2.3"`) {
			t.Errorf("%s: %.200s", c.CommandPath(), text)
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, "docker-credential-vsphere.1")); err != nil || !strings.Contains(string(text), "get|store|erase|list|version") {
		t.Errorf("%v %s", err, text)
	}
	if err := run([]string{"man", dir, "today", "1.2.3"}, nil, nil); err == nil {
		t.Error("any day will do")
	}
}
