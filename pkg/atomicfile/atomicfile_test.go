package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
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

// What a killed writer left goes; what a living one is about to rename stays.
func TestSweep(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("on Windows, the age of a file alone counts")
	}
	dir := t.TempDir()
	dead := exec.Command("true")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{ // name -> it stays
		fmt.Sprintf("%s%d-1%s", prefix, dead.Process.Pid, suffix): false,
		fmt.Sprintf("%s%d-2%s", prefix, os.Getpid(), suffix):      true,
		prefix + "x-3" + suffix:                                   true,
		fmt.Sprintf("%sold-4%s", prefix, suffix):                  false,
		"config":                                                  true,
		".tmp-5":                                                  true,
	}
	for name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-2 * abandoned)
	if err := os.Chtimes(filepath.Join(dir, prefix+"old-4"+suffix), long, long); err != nil {
		t.Fatal(err)
	}
	Sweep(dir)
	Sweep(filepath.Join(dir, "none"))
	for name, stays := range names {
		if _, err := os.Lstat(filepath.Join(dir, name)); (err == nil) != stays {
			t.Errorf("%s: %v, want it to stay: %t", name, err, stays)
		}
	}
}

// A process in another container sees no process of this one, and takes our temporary file for one of a killed writer.
func TestWriteOfAFileThatIsSweptAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	swept := 0
	sweep := func(often int) func() error {
		return func() error {
			left, err := filepath.Glob(filepath.Join(filepath.Dir(path), prefix+"*"))
			if swept++; swept > often || err != nil || len(left) != 1 {
				return err
			}
			return os.Remove(left[0])
		}
	}
	if err := Write(path, []byte("new"), Options{Mode: 0o600, Check: sweep(2)}); err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "new" || swept != 3 {
		t.Errorf("%q %v, after %d", got, err, swept)
	}
	if err := Write(path, []byte("newer"), Options{Mode: 0o600, Check: sweep(1000)}); err == nil {
		t.Error("no error")
	}
	if err := Write(filepath.Join(path+"-none", "file"), nil, Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
