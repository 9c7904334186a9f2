package main

import (
	"go/format"
	"os"
	"strings"
	"testing"
)

// Each change is possible: its text is in the file once, and it leaves a file of Go. Otherwise it would be found only by the next run of
// the whole table.
func TestTable(t *testing.T) {
	t.Chdir("../..")
	for _, m := range table {
		text, err := os.ReadFile(m.file)
		if err != nil {
			t.Error(err)
			continue
		}
		if n := strings.Count(string(text), m.old); n != 1 {
			t.Errorf("%s: %q occurs %d times in %s", m.name, m.old, n, m.file)
			continue
		}
		if _, err := format.Source([]byte(strings.Replace(string(text), m.old, m.new, 1))); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
	}
}

// A change that only time has seen may be one that no test sees: the reader must be told.
func TestWitness(t *testing.T) {
	for out, want := range map[string]string{
		"ok  a\n--- FAIL: TestGuard (0.1s)\n    --- FAIL: TestGuard/late (0.1s)\nFAIL\n": "TestGuard",
		"panic: test timed out after 3m0s\n":                                             "the time limit",
		"FAIL\tb\t0.1s\n":                                                                "the end of the test program",
	} {
		if got := witness(out); got != want {
			t.Errorf("witness(%q) = %q, want %q", out, got, want)
		}
	}
}
