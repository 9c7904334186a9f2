package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// there writes a file into a directory of the test and returns its path.
func there(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	put(t, path, text)
	return path
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func wantText(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%q %v, not %q", got, err, want)
	}
}

// alone fails the test if something else is in the file's directory.
func alone(t *testing.T, path string) {
	t.Helper()
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("left over: %v %v", left, err)
	}
}

func TestInPlace(t *testing.T) {
	for _, text := range []string{"longer than it was", "old text", "s", ""} {
		path := there(t, "old text")
		before, _ := os.Stat(path)
		seen := ""
		check := func() error { // The copies are complete before the first change.
			o, oldErr := os.ReadFile(path + oldCopy)
			n, newErr := os.ReadFile(path + newCopy)
			seen = string(o) + "|" + string(n)
			return errors.Join(oldErr, newErr)
		}
		if err := inPlace(path, []byte("old text"), []byte(text), Options{Mode: 0o400, Check: check}); err != nil || seen != "old text|"+text {
			t.Errorf("%v %q", err, seen)
		}
		wantText(t, path, text)
		alone(t, path)
		if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) || runtime.GOOS != "windows" && after.Mode().Perm() != 0o400 {
			t.Errorf("%v %v", after, err)
		}
	}
}

func TestInPlaceFails(t *testing.T) {
	no := errors.New("no")
	path := there(t, "old text")
	if err := inPlace(path, []byte("old text"), []byte("new"), Options{Check: func() error { return no }}); !errors.Is(err, no) {
		t.Error(err)
	}
	wantText(t, path, "old text")
	alone(t, path)
}

// A process may be killed, and the machine may crash, at any instant: what is left is the new file's beginning and the old one's end, or
// blocks of both, or nothing where a block was not written.
func TestRecoverATornFile(t *testing.T) {
	const old, text = "the old text of the file, and more of it", "the new text"
	for _, pair := range [][2]string{{old, text}, {text, old}} {
		old, text := pair[0], pair[1]
		var torn []string
		for i := 1; i < len(text); i++ {
			rest := ""
			if i < len(old) {
				rest = old[i:]
			}
			torn = append(torn, text[:i]+rest)
		}
		torn = append(torn, text+strings.Repeat("\x00", max(0, len(old)-len(text))))
		for _, now := range torn {
			if now == old || now == text {
				continue
			}
			path := there(t, now)
			put(t, path+oldCopy, old)
			put(t, path+newCopy, text)
			if restored, err := Recover(path); !restored || err != nil {
				t.Errorf("%q: %t %v", now, restored, err)
			}
			wantText(t, path, old)
			alone(t, path)
		}
	}
}

func TestRecoverNothing(t *testing.T) {
	for name, c := range map[string]struct {
		now, old, text string // empty: no such file
		err            error
	}{
		"nothing happened":      {now: "now"},
		"before it began":       {now: "old", text: "new"},
		"before the first byte": {now: "old", old: "old", text: "new"},
		"after the last":        {now: "new", old: "old", text: "new"},
		"somebody else wrote":   {now: "her", old: "old", text: "new", err: ErrOthers},
		"and more":              {now: "newer", old: "old", text: "new", err: ErrOthers},
		"or nothing":            {now: "n", old: "old", text: "new", err: ErrOthers},
	} {
		path := there(t, c.now)
		for suffix, text := range map[string]string{oldCopy: c.old, newCopy: c.text} {
			if text != "" {
				put(t, path+suffix, text)
			}
		}
		if restored, err := Recover(path); restored || !errors.Is(err, c.err) || (err != nil) != (c.err != nil) {
			t.Errorf("%s: %t %v", name, restored, err)
		}
		wantText(t, path, c.now)
		if c.err == nil {
			alone(t, path)
		} else if !Unfinished(path) {
			t.Errorf("%s: the copy is gone", name)
		}
	}
}

// In a directory of many, somebody else may have put copies there.
func TestRecoverTakesOnlyOurCopies(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no modes")
	}
	for name, change := range map[string]func(copied string) error{
		"others can write it": func(copied string) error { return os.Chmod(copied, 0o666) },
		"a link": func(copied string) error {
			return errors.Join(os.Rename(copied, copied+"x"), os.Symlink(copied+"x", copied))
		},
		"of another user": func(copied string) error {
			if os.Geteuid() != 0 {
				return errors.ErrUnsupported
			}
			return os.Chown(copied, 12345, -1)
		},
	} {
		path := there(t, "nld")
		put(t, path+oldCopy, "old")
		put(t, path+newCopy, "new")
		if err := change(path + oldCopy); errors.Is(err, errors.ErrUnsupported) {
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		if restored, err := Recover(path); restored || err == nil {
			t.Errorf("%s: %t %v", name, restored, err)
		}
		wantText(t, path, "nld")
	}
}

func TestCheckReplace(t *testing.T) {
	path := there(t, "text")
	if err := CheckReplace(path, 1<<20); err != nil {
		t.Error(err)
	}
	alone(t, path)
	if err := CheckReplace(filepath.Join(filepath.Dir(path), "new", "dir", "file"), 1); err != nil {
		t.Error(err)
	}
	alone(t, path)
	if err := CheckReplace(filepath.Join(path, "file"), 1); err == nil {
		t.Error("a file is a directory")
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(path), "new")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a directory was made")
	}
}
