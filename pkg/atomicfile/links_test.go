//go:build unix

package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// linked returns two names of one file.
func linked(t *testing.T, text string) (path, other string) {
	t.Helper()
	path = there(t, text)
	other = filepath.Join(t.TempDir(), "other")
	if err := os.Link(path, other); err != nil {
		t.Fatal(err)
	}
	return path, other
}

// A file with two names has the new text under both, and so it is after a failure with the old one.
func TestReplaceKeepsOtherNames(t *testing.T) {
	path, other := linked(t, "old text")
	if err := CheckReplace(path, 100); err != nil {
		t.Error(err)
	}
	if err := Replace(path, []byte("old text"), []byte("new"), Options{Mode: 0o600, Durable: true}); err != nil {
		t.Error(err)
	}
	wantText(t, path, "new")
	wantText(t, other, "new")
	alone(t, path)
	alone(t, other)
	no := errors.New("no")
	if err := Replace(other, []byte("new"), []byte("newer"), Options{Mode: 0o600, Check: func() error { return no }}); !errors.Is(err, no) {
		t.Error(err)
	}
	wantText(t, path, "new")
	if a, err := os.Stat(path); err != nil || names(other) != 2 {
		t.Errorf("they have parted: %v %v", a, err)
	}
}

// With one name, a file is replaced in one step.
func TestReplaceOfOneName(t *testing.T) {
	path, other := linked(t, "old")
	if err := os.Remove(other); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := Replace(path, []byte("old"), []byte("new"), Options{Mode: 0o600}); err != nil {
		t.Error(err)
	}
	if after, err := os.Stat(path); err != nil || os.SameFile(before, after) {
		t.Errorf("it was written in place: %v", err)
	}
}

// Where somebody else can make names, a name may lead to a file that is not meant: nothing is written through it.
func TestReplaceThroughAForeignName(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make a file of another user; run it as root")
	}
	for name, owner := range map[string]func(path, other string) string{
		"the directory is another's": func(path, _ string) string { return filepath.Dir(path) },
		"the file is another's":      func(path, _ string) string { return path },
	} {
		path, other := linked(t, "old")
		if err := os.Chown(owner(path, other), 12345, -1); err != nil {
			t.Fatal(err)
		}
		if err := Replace(path, []byte("old"), []byte("new"), Options{Mode: 0o600}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		wantText(t, path, "new")
		wantText(t, other, "old")
	}
}

// A directory in which others can make names counts as theirs, whoever owns it: root owns /tmp.
func TestReplaceInADirectoryOfAll(t *testing.T) {
	for _, mode := range []os.FileMode{0o777 | os.ModeSticky, 0o702, 0o720} {
		path, other := linked(t, "old")
		if err := os.Chmod(filepath.Dir(path), mode); err != nil {
			t.Fatal(err)
		}
		if err := Replace(path, []byte("old"), []byte("new"), Options{Mode: 0o600}); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
		wantText(t, path, "new")
		wantText(t, other, "old")
	}
}

// Who opened a file while others could read it must not read a secret that comes into it when they cannot.
func TestReplaceOfAFileThatOthersHaveOpen(t *testing.T) {
	path, other := linked(t, "old")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	open, err := os.Open(other)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	if err := Replace(path, []byte("old"), []byte("secret"), Options{Mode: 0o600}); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(open); err != nil || string(got) != "old" {
		t.Errorf("%q %v", got, err)
	}
	wantText(t, path, "secret")
}
