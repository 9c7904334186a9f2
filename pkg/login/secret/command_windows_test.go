package secret

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/process"
)

// A path keeps its backslashes, and a batch file gets its words and gives the password.
func TestBatchFileAsPasswordCommand(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "my tools")
	path := filepath.Join(dir, "pw.cmd")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(path, []byte("@echo off\r\necho right-%~1\r\necho notes\r\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	argv, err := ParseCommand(`"` + path + `" ops`)
	if err != nil || !slices.Equal(argv, []string{path, "ops"}) {
		t.Fatalf("%q, %v", argv, err)
	}
	got, err := Command(argv, Notes{To: os.Stderr}).Get(t.Context())
	if got.Reveal() != "right-ops" || err != nil {
		t.Errorf("%q, %v", got.Reveal(), err)
	}
	plain := filepath.Join(t.TempDir(), "pw.cmd")
	if err := os.WriteFile(plain, []byte("@exit 7\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if argv, err = ParseCommand(plain); err != nil || !slices.Equal(argv, []string{plain}) {
		t.Fatalf("%q, %v", argv, err)
	}
	if _, err := Command(argv, Notes{To: os.Stderr}).Get(t.Context()); err == nil || !strings.Contains(err.Error(), "exit status 7") {
		t.Error(err)
	}
	var batch *process.BatchError
	if argv, err := ParseCommand(plain + ` a&calc`); !errors.As(err, &batch) {
		t.Errorf("%q, %v", argv, err)
	}
	for _, typed := range []string{"", "  ", `""`, `"open`, "nope", `C:\nope.exe`} {
		if argv, err := ParseCommand(typed); err == nil {
			t.Errorf("%q: %q", typed, argv)
		}
	}
}
