package splice

import (
	"strings"
	"testing"
)

// The last lines of a block scalar are its content, also those that look like comments or are blank: what is added goes below them, and
// the file comes back, to the byte, when it is taken away again. A comment that ends the scalar stays with what follows.
func TestBlockScalarsAtTheEnd(t *testing.T) {
	const head = "apiVersion: v1\nkind: Config\nclusters:\n- name: c\n  cluster: {}\ncontexts:\n- name: c\n  context: {}\ncurrent-context: c\n"
	for _, indicators := range []string{"|", "|-", "|+", "|2", "|1-", "|+1", ">", ">-", ">+", ">2", ">1+", "| # why", "!!str |+", "&a\n      |"} {
		for _, body := range []string{"one\n", "one\n      # two\n", "# one", "one\n\n\n", "one\n\n", "one\n         \n", "one\n        ", "one\n\n  # a comment\n\n", "one\n# a comment\n", "one\n\n# a comment\n\n", "one"} {
			user := "users:\n- name: u\n  user:\n    token: " + indicators + "\n      " + body
			section := strings.SplitAfter(user, "\n# a comment")[0]
			for name, text := range map[string]string{
				"last":       head + user,
				"first":      section + ended(section) + head,
				"only":       user,
				"second":     head + "users:\n- name: a\n  user: {}\n" + strings.TrimPrefix(user, "users:\n"),
				"only, mark": bom + user,
				"CRLF":       strings.ReplaceAll(head+user, "\n", "\r\n"),
			} {
				add := addition()
				if strings.HasPrefix(name, "only") {
					add.CurrentContext = &[]string{"c"}[0] // New fields at the top.
				}
				out, _, err := edited([]byte(text), add)
				if err != nil {
					t.Errorf("%s: %v\n%q", name, err, text)
					continue
				}
				if gone := lost([]byte(text), out); len(gone) > 0 && !strings.HasPrefix(name, "only, mark") {
					t.Errorf("%s: lost %q of\n%q\nin\n%q", name, gone, text, out)
				}
				if back := splice(t, out, deletion()); !strings.HasPrefix(name, "only") && string(back) != text {
					t.Errorf("%s: not the same:\n%q\n%q", name, text, back)
				}
				splice(t, []byte(text), Change{DeleteUsers: []string{"u"}})
			}
		}
	}
}

// ended is the line end that a text lacks.
func ended(text string) string {
	if strings.HasSuffix(text, "\n") {
		return ""
	}
	return "\n"
}

// When what followed a block scalar goes, a file that had no line end gets one: without, the scalar would lose its own.
func TestBlockScalarBecomesTheEnd(t *testing.T) {
	const text = "users:\n- name: u\n  user:\n    token: |\n      # one\n"
	out := splice(t, []byte(text+"- name: v\n  user: {}"), Change{DeleteUsers: []string{"v"}})
	if string(out) != text {
		t.Errorf("%q", out)
	}
}

// When the entry below a block scalar goes, what was below that entry does not become content: a comment moves to the left.
func TestWhatFollowsIsNoContent(t *testing.T) {
	for header, blank := range map[string]string{"|": "\n", "|+": "", ">-": "\n"} {
		text := "users:\n- name: u\n  user:\n    token: " + header + "\n      one\n"
		out := splice(t, []byte(text+"- name: v\n  user: {}\n- name: w\n  user: {}\n\n         # deep\n  # less\nkind: Config\n"), Change{DeleteUsers: []string{"v", "w"}})
		if want := text + blank + "# deep\n  # less\nkind: Config\n"; string(out) != want {
			t.Errorf("%q, not %q", out, want)
		}
	}
}

// A current context in a block scalar is replaced with all of its lines.
func TestBlockScalarIsReplaced(t *testing.T) {
	name := "new"
	out := splice(t, []byte("current-context: |+\n  old\n  # old\n\n# kept\n\nkind: Config\n"), Change{CurrentContext: &name})
	if string(out) != "current-context: new\n# kept\n\nkind: Config\n" {
		t.Errorf("%q", out)
	}
}
