package safetext_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                     "plain",
		"  around \n":               "around",
		"two\nlines\ttab":           "two lines tab",
		"red \x1b[31m title\a":      `red \x1b[31m title\x07`,
		"c1 \u009b31m":              `c1 \x9b31m`,
		"bidi \u202egpj.exe":        `bidi \u202egpj.exe`,
		"zero\u200bwidth":           `zero\u200bwidth`,
		"bad \xff utf8":             `bad \xff utf8`,
		"한국어 ünïcode":               "한국어 ünïcode",
		"sep\u2028end":              `sep\u2028end`,
		strings.Repeat("x", 100):    strings.Repeat("x", 40) + "…",
		strings.Repeat("ü", 40):     strings.Repeat("ü", 40),
		"":                          "",
		"del\x7f":                   `del\x7f`,
		"replacement \uFFFD itself": "replacement \uFFFD itself",
	} {
		if got := safetext.Line(in, 40); got != want {
			t.Errorf("Line(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestBlockKeepsLines(t *testing.T) {
	if got, want := safetext.Block("a\r\nb\rc\nd\n\n", 100), "a\nb\\x0dc\nd"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzLine(f *testing.F) {
	f.Add("\x1b]0;title\a")
	f.Add("\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		for _, out := range []string{safetext.Line(s, 50), strings.ReplaceAll(safetext.Block(s, 50), "\n", "")} {
			if !utf8.ValidString(out) {
				t.Fatalf("invalid UTF-8: %q", out)
			}
			for _, r := range out {
				if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
					t.Fatalf("%q left %q", s, r)
				}
			}
			if n := utf8.RuneCountInString(out); n > 50*6+1 {
				t.Fatalf("%d characters", n)
			}
		}
	})
}
