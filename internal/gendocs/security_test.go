package main

import (
	"os"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
)

// The page that people read has the table by which the program decides.
func TestSecurityHasTheTable(t *testing.T) {
	page, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	now, err := security(string(page))
	if err != nil || now != string(page) {
		t.Errorf("docs/security.md has another table, %v: make generate", err)
	}
	if rows := strings.Count(disclose.Table(), "\n"); rows < 15 {
		t.Errorf("%d rows", rows)
	}
	if _, err := security("no table"); err == nil {
		t.Error("a page without a table")
	}
}
