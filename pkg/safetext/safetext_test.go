package safetext_test

import (
	"encoding/json"
	"errors"
	"maps"
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

func TestIsLine(t *testing.T) {
	for in, want := range map[string]bool{
		"": true, "plain": true, "한국어 ünïcode": true, strings.Repeat("ü", 40): true,
		" a": false, "a\n": false, "a\tb": false, "\u202e": false, "\xff": false, strings.Repeat("x", 41): false,
	} {
		if got := safetext.IsLine(in, 40); got != want {
			t.Errorf("IsLine(%q) = %t", in, got)
		}
	}
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"":                       `""`,
		" a ":                    `"a"`,
		"red \x1b[31m":           `"red \x1b[31m"`,
		`a" or "b`:               `"a\" or \"b"`,
		strings.Repeat("x", 100): `"` + strings.Repeat("x", 40) + `…"`,
	} {
		if got := safetext.Quote(in, 40); got != want {
			t.Errorf("Quote(%q) = %s, want %s", in, got, want)
		}
	}
}

// What is a value for a program stays it.
func TestJSON(t *testing.T) {
	in := []byte("{\n  \"a\": \"x\u202ey\u009b\u00a0z\x7f\U000e0041\\u001b\"\n}")
	want := "{\n  \"a\": \"x\\u202ey\\u009b\u00a0z\\u007f\\udb40\\udc41\\u001b\"\n}"
	if got := safetext.JSON(in); string(got) != want || !safetext.IsText(got) || safetext.IsText(in) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// FuzzJSON: nothing harmful is left, and a program reads what it would have read.
func FuzzJSON(f *testing.F) {
	f.Add("a\u202e\U000e0041\x1b")
	f.Add("\\\"\u2028")
	f.Fuzz(func(t *testing.T, s string) {
		text, err := json.Marshal(map[string]string{s: s})
		if err != nil {
			return // It is no such input.
		}
		var want, got map[string]string
		out := safetext.JSON(text)
		if err := errors.Join(json.Unmarshal(text, &want), json.Unmarshal(out, &got)); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if !maps.Equal(want, got) {
			t.Fatalf("%q became %q", want, got)
		}
		if !safetext.IsText(out) {
			t.Fatalf("%q left %q", s, out)
		}
	})
}
