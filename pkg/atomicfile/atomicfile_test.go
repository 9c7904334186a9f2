package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, text := range []string{"one", "two", ""} {
		if err := Write(path, []byte(text), Options{Mode: 0o600, Durable: true}); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != text {
			t.Errorf("%q %v", got, err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
}

// Whatever fails, the old file stays and nothing is left beside it.
func TestFailureLeavesTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	no := errors.New("no")
	if err := Write(path, []byte("new"), Options{Mode: 0o600, Check: func() error { return no }}); !errors.Is(err, no) {
		t.Errorf("error %v", err)
	}
	if err := Write(dir, []byte("new"), Options{Mode: 0o600}); err == nil {
		t.Error("a directory was replaced")
	}
	got, err := os.ReadFile(path)
	left, _ := os.ReadDir(dir)
	if err != nil || string(got) != "old" || len(left) != 1 {
		t.Errorf("%q %v %v", got, err, left)
	}
	above, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), prefix+"*"))
	if len(above) != 0 {
		t.Errorf("left over: %q", above)
	}
}
