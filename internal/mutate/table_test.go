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
