package safetext_test

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// written is what a Writer makes of texts, each written with its own call.
func written(t testing.TB, texts ...string) string {
	t.Helper()
	var out bytes.Buffer
	w := safetext.NewWriter(&out)
	for _, text := range texts {
		if n, err := w.Write([]byte(text)); n != len(text) || err != nil {
			t.Fatalf("%q: %d, %v", text, n, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestWriter(t *testing.T) {
	for in, want := range map[string]string{
		"plain\ttext\n":         "plain\ttext\n",
		"a CR LF\r\nof Windows": "a CR LF\r\nof Windows",
		"a line\rover":          `a line\x0dover`,
		"at the end\r":          `at the end\x0d`,
		"CSI \x1b[31m":          `CSI \x1b[31m`,
		"OSC 8 \x1b]8;;https://evil\x1b\\x\x1b]8":   `OSC 8 \x1b]8;;https://evil\x1b\x\x1b]8`,
		"DCS \x1bP+q544e\x1b\\":                     `DCS \x1bP+q544e\x1b\`,
		"title \x1b]0;x\a":                          `title \x1b]0;x\x07`,
		"C1 \u009b31m \u0090 \u009d \u0085":         `C1 \x9b31m \x90 \x9d \x85`,
		"raw C1 \x9b31m":                            `raw C1 \x9b31m`,
		"bidi \u202a\u202e\u2066\u2069\u200f\u061c": `bidi \u202a\u202e\u2066\u2069\u200f\u061c`,
		"zero width \u200b\u200d\u2060\ufeff\u00ad": `zero width \u200b\u200d\u2060\ufeff\xad`,
		"invisible \u034f\u3164\ufe0f\U000e0041":    `invisible \u034f\u3164\ufe0f\ue0041`,
		"not UTF-8 \xff\xc3(":                       `not UTF-8 \xff\xc3(`,
		"lines \u2028\u2029\v\f":                    `lines \u2028\u2029\x0b\x0c`,
		"back\b\b\x7f\x00":                          `back\x08\x08\x7f\x00`,
		"한국어 ünïcode … 🔑 \ufffd":                    "한국어 ünïcode … 🔑 \ufffd",
	} {
		if got := written(t, in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
		if got := written(t, strings.Split(in, "")...); utf8.ValidString(in) && got != want {
			t.Errorf("%q, letter by letter: %q, want %q", in, got, want)
		}
		var single []string
		for i := range len(in) {
			single = append(single, in[i:i+1])
		}
		if got := written(t, single...); got != want {
			t.Errorf("%q, byte by byte: %q, want %q", in, got, want)
		}
	}
}

// FuzzWriter: nothing harmful is left, however the text is cut, and harmless text is as it was.
func FuzzWriter(f *testing.F) {
	f.Add("a\x1b[31m", 3)
	f.Add("\u202e\r\nüx\xff", 4)
	f.Fuzz(func(t *testing.T, s string, at int) {
		at = max(0, min(at, len(s)))
		out := written(t, s[:at], s[at:])
		if whole := written(t, s); out != whole {
			t.Errorf("%q, cut at %d: %q, else %q", s, at, out, whole)
		}
		for _, r := range strings.ReplaceAll(out, "\r\n", "\n") {
			if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
				t.Errorf("%q left %q", s, r)
			}
		}
		if !utf8.ValidString(out) || written(t, out) != out {
			t.Errorf("%q gives %q, which is not harmless", s, out)
		}
	})
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

// The first error is kept: a command that does not look at each write still fails.
func TestWriterKeepsTheError(t *testing.T) {
	w := safetext.NewWriter(full{})
	if _, err := w.Write([]byte("x")); err == nil {
		t.Error("no error")
	}
	if err := w.Close(); err == nil || err.Error() != "the disk is full" {
		t.Error(err)
	}
}

// A name cannot begin a line, whatever it is wrapped in.
func TestArgs(t *testing.T) {
	got := safetext.Args([]any{"a\nb", "a\r\nb", errors.New("a\nb"), safetext.Lines("a\nb"), 7, nil, []string{"a\nb"}})
	want := []any{"a b", "a b", "a\n  b", "a\nb", 7, nil, []string{"a\nb"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := safetext.Cell("a\tb\nc"); got != "a b c" {
		t.Errorf("%q", got)
	}
}

// What is printed to be pasted is one word to a shell, whatever a name holds, and shows all of it.
func TestWord(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		bash = ""
	}
	for in, want := range map[string]string{
		"dev@vsphere.local":  "dev@vsphere.local",
		"":                   "''",
		`DOM\user`:           `'DOM\user'`,
		"it's":               `'it'\''s'`,
		"straße":             "'straße'",
		"red\x1b[31m":        `$'red\033[31m'`,
		"a\ntouch x":         `$'a\012touch x'`,
		"\u202e'\\x":         `$'\342\200\256\'\\x'`,
		"ü\u200b":            `$'ü\342\200\213'`,
		"bad\xff0":           `$'bad\3770'`,
		"$(touch x)`y`\t":    "$'$(touch x)`y`\\011'",
		"\ufffd replacement": "'\ufffd replacement'",
	} {
		got := safetext.WordFor("linux", in)
		if got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
		if shown := written(t, got); shown != got {
			t.Errorf("%q: %s is shown as %s", in, got, shown)
		}
		if bash == "" || got != want {
			continue // What is quoted wrongly would run.
		}
		c := exec.CommandContext(t.Context(), bash, "-c", "printf %s "+got)
		c.Dir, c.Env = t.TempDir(), []string{"PATH=/nonexistent"}
		if back, err := c.Output(); err != nil || string(back) != in {
			t.Errorf("%q reaches a command as %q, %v", in, back, err)
		}
	}
}

// On Windows it is not known whether cmd.exe or PowerShell gets it: the word is the same in both, or it does no harm.
func TestWordOfWindows(t *testing.T) {
	for in, want := range map[string]string{
		"dev@vsphere.local":     "dev@vsphere.local",
		`DOM\user`:              `DOM\user`,
		`C:\Users\ada\x.y`:      `C:\Users\ada\x.y`,
		`C:\Program Files\x`:    `"C:\Program Files\x"`,
		`C:\a b\`:               `"C:\a b\\"`,
		`C:\a\`:                 `C:\a\`,
		`\\server\share\a`:      `\\server\share\a`,
		"":                      `""`,
		"it's":                  `"it's"`,
		"straße":                `"straße"`,
		"ns1,ns2":               `"ns1,ns2"`,
		"@all":                  `"@all"`,
		"--insecure":            "--insecure",
		"-a.b":                  `"-a.b"`,
		"a & calc":              `"a & calc"`,
		"a|b<c>d^e(f);g#h~i!":   `"a|b<c>d^e(f);g#h~i!"`,
		"%PATH%":                `"?PATH?"`,
		"50%":                   `"50?"`,
		"robot$ci":              `"robot?ci"`,
		"$(calc)`n":             `"?(calc)?n"`,
		`a" & calc & "`:         `"a? & calc & ?"`,
		`\" & calc`:             `"\? & calc"`,
		"a\u201d; calc; \u201c": `"a?; calc; ?"`,
		"a\r\ncalc":             `"a??calc"`,
		"red\x1b[31m":           `"red?[31m"`,
		"\u202eabc":             `"?abc"`,
		"bad\xff":               `"bad?"`,
		"\x00":                  `"?"`,
	} {
		got := safetext.WordFor("windows", in)
		if got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
		if shown := written(t, got); shown != got {
			t.Errorf("%q: %s is shown as %s", in, got, shown)
		}
	}
}
