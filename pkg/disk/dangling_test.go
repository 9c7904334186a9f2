package disk

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestDangling(t *testing.T) {
	dir := t.TempDir()
	at := func(path string) string { return filepath.Join(dir, path) }
	for link, target := range map[string]string{
		"relative": "gone/far", "absolute": at("gone"), "second": "relative", "below": "absolute/more", "circle": "circle", "good": ".", "file": "good/text",
	} {
		if err := os.Symlink(target, at(link)); err != nil { // Package disktest imports this one.
			t.Skip("no symbolic link can be made; on Windows, turn on developer mode: ", err)
		}
	}
	if err := os.WriteFile(at("text"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]DanglingError{
		"relative":         {at("relative"), at("gone/far")},
		"relative/a/b":     {at("relative"), at("gone/far")},
		"absolute/a":       {at("absolute"), at("gone")},
		"second/a":         {at("second"), at("gone/far")},
		"below":            {at("below"), at("gone/more")},
		"good/second/file": {at("good/second"), at("good/gone/far")},
		"circle/a":         {},
		"good":             {},
		"file/a":           {},
		"good/new/a":       {},
		"text/a":           {},
		".":                {},
	} {
		var got *DanglingError
		if found := errors.As(Dangling(at(path)), &got); found != (want != DanglingError{}) || found && *got != want {
			t.Errorf("%s: %v, not %v", path, got, want)
		}
	}
	// No directory is taken for made, and what the error names helps.
	for _, path := range []string{"second/a", "below"} {
		var failed *DanglingError
		if err := MkdirAll(at(path), 0o700); !errors.As(err, &failed) {
			t.Fatal(path, err)
		}
		if err := errors.Join(MkdirAll(failed.Target, 0o700), MkdirAll(at(path), 0o700)); err != nil {
			t.Error(err)
		}
	}
}
