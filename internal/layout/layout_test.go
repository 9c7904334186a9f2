package layout

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

func TestWidth(t *testing.T) {
	for s, want := range map[string]int{
		"": 0, "plain": 5, "한국어": 6, "김철수@corp": 11, "漢字かな": 8, "ｆｕｌｌ": 8, "ﾊﾝ": 2, "😀": 2, "é": 1, "e\u0301": 1,
		"\u1112\u1161\u11ab": 2, "…": 1, "ä·": 2, "a\tb": 10,
	} {
		if got := Width(s); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
	for s, want := range map[string]string{"한국어": "한국", "abcdef": "abcde", "e\u0301bcde": "e\u0301bcde", "": "", "a한한한": "a한한"} {
		if got := Cut(s, 5); got != want {
			t.Errorf("Cut %q: %q, want %q", s, got, want)
		}
	}
}

func TestFill(t *testing.T) {
	const command = "kubectl vsphere login --server sup.example.com -u 'DOMAIN\\a user; of, it. all'"
	for name, tc := range map[string]struct{ in, want string }{
		"fits":               {"error: it is short\n", "error: it is short\n"},
		"blanks":             {"a  b\n\n   c   \n", "a  b\n\n   c   \n"},
		"words":              {"error: the quick brown fox jumps over\n", "error: the quick brown fox\njumps over\n"},
		"no line end":        {"Trust it for the quick brown fox? [y/N] ", "Trust it for the quick brown\nfox? [y/N] "},
		"29 columns":         {"error: a quick brown fox jumps\n", "error: a quick brown fox\njumps\n"},
		"28 columns":         {"error: a quick brown fox jump\n", "error: a quick brown fox jump\n"},
		"a long word":        {"read /a/very/long/path/that/fits/nowhere: no such file\n", "read\n/a/very/long/path/that/fits/nowhere:\nno such file\n"},
		"wide characters":    {"note: 네임스페이스 개발팀 운영팀 보안팀\n", "note: 네임스페이스 개발팀\n운영팀 보안팀\n"},
		"an item":            {"   tkc1: the quick brown fox jumps\n", "   tkc1: the quick brown fox\n     jumps\n"},
		"a list":             {"  - the quick brown fox jumps over the lazy dog, and then it sleeps\n    all day.\n", "  - the quick brown fox jumps\n    over the lazy dog, and\n    then it sleeps all day.\n"},
		"a comment":          {"  # the quick brown fox jumps over\n", "  # the quick brown fox jumps\n  # over\n"},
		"a source's line":    {"If the quick brown fox of this house jumps over the lazy dog that sleeps\nall day.\n", "If the quick brown fox of\nthis house jumps over the\nlazy dog that sleeps all day.\n"},
		"a sentence's line":  {"If the quick brown fox of this house jumps over the lazy dog that sleeps.\nAll day.\n", "If the quick brown fox of\nthis house jumps over the\nlazy dog that sleeps.\nAll day.\n"},
		"facts":              {"  certificate of: the quick brown fox of this house, which jumps over dogs\n  signed by: me\n", "  certificate of: the quick\n    brown fox of this house,\n    which jumps over dogs\n  signed by: me\n"},
		"command":            {"error: it has ended; type: " + command + "\n", "error: it has ended; type:\n" + command + "\n"},
		"command alone":      {"Type: " + command + "\n", "Type:\n" + command + "\n"},
		"short command":      {"Type: kubectl vsphere login\n", "Type: kubectl vsphere login\n"},
		"command, then text": {"it ended; type: " + command + "; or ask somebody who knows more\n", "it ended; type:\n" + command + ";\nor ask somebody who knows\nmore\n"},
		"two commands": {"type: docker logout registry.example.com, and then: docker-credential-vsphere login registry.example.com\n",
			"type:\ndocker logout registry.example.com,\nand then:\ndocker-credential-vsphere login registry.example.com\n"},
		"parenthesis":       {"is read-only: type: chmod u+w /home/dev/.kube/config (or name another file with KUBECONFIG)\n", "is read-only: type:\nchmod u+w /home/dev/.kube/config\n(or name another file with\nKUBECONFIG)\n"},
		"quoted command":    {"Type \"kubectl vsphere registry robot create --help\" for the flags.\n", "Type\n\"kubectl vsphere registry robot create --help\"\nfor the flags.\n"},
		"back quotes":       {"To change context, use `kubectl config use-context <workload name>`\n", "To change context, use\n`kubectl config use-context <workload name>`\n"},
		"indented command":  {"there:\n\n    ssh -L 1234:127.0.0.1:1234 somebody@host.example.com\n", "there:\n\n    ssh -L 1234:127.0.0.1:1234 somebody@host.example.com\n"},
		"ANSI-C quotes":     {"type: kubectl vsphere logout -u $'a\\'b; \\033 c' (or not, as you like it)\n", "type:\nkubectl vsphere logout -u $'a\\'b; \\033 c'\n(or not, as you like it)\n"},
		"quoted quote":      {"type: kubectl vsphere logout -u 'a'\\''b; c' (or not, as you like it)\n", "type:\nkubectl vsphere logout -u 'a'\\''b; c'\n(or not, as you like it)\n"},
		"Windows":           {`type: attrib -r "C:\Users\a user\.kube\config" (or name another file)` + "\n", "type:\n" + `attrib -r "C:\Users\a user\.kube\config"` + "\n(or name another file)\n"},
		"name with a dot":   {"type: kubectl vsphere login --server sup.example.com. -u dev and more\n", "type:\nkubectl vsphere login --server sup.example.com. -u dev and more\n"},
		"prose on kubectl":  {"kubectl runs again and again, so nobody is asked\n", "kubectl runs again and again,\nso nobody is asked\n"},
		"a message's begin": {"warning: kubectl cannot read the file that it names\n", "warning: kubectl cannot read\nthe file that it names\n"},
		"code":              {"If the quick brown fox of this house jumps over the lazy dog, execute once\n\tkubectl-vsphere completion bash > /etc/bash\n", "If the quick brown fox of\nthis house jumps over the\nlazy dog, execute once\n\tkubectl-vsphere completion bash > /etc/bash\n"},
		"a quotation":       {"it says \"the quick brown fox\" of all things\n", "it says \"the quick brown fox\"\nof all things\n"},
		"an open quotation": {"it says \"kubectl is not here, and never was\n", "it says \"kubectl is not here,\nand never was\n"},
		"after a long line's command": {"It has ended a while ago and cannot be renewed; type: kubectl vsphere login --server S\nThen try again.\n",
			"It has ended a while ago and\ncannot be renewed; type:\nkubectl vsphere login --server S\nThen try again.\n"},
	} {
		if got := Fill(tc.in, 30); got != tc.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, tc.want)
		}
	}
	for _, columns := range []int{0, 1, 19} {
		const long = "error: the quick brown fox jumps over the lazy dog\n"
		if got := Fill(long, columns); got != long {
			t.Errorf("%d columns: %q", columns, got)
		}
	}
}

// Filling adds line ends and indentation, and takes away only blanks and the line ends of a source file.
func FuzzFill(f *testing.F) {
	f.Add("error: the quick \"brown fox\"; type: kubectl vsphere 'x y'\nand\n\n  - so\n    on", 40)
	f.Add(strings.Repeat("word ", 30)+"\nand on\n", 25)
	f.Add("한국어 \u0301 \xff `kubectl`", 20)
	f.Fuzz(func(t *testing.T, text string, columns int) {
		got := Fill(text, columns)
		words := func(s string) string {
			return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \n#", r) }), " ")
		}
		if words(got) != words(text) {
			t.Errorf("%q became %q", text, got)
		}
		if columns >= narrowest && Fits(text, columns) && got != text {
			t.Errorf("%q fits, and became %q", text, got)
		}
		if strings.HasSuffix(text, "\n") != strings.HasSuffix(got, "\n") {
			t.Errorf("%q became %q", text, got)
		}
	})
}

// screen is a stream with columns.
type screen struct {
	bytes.Buffer
	columns int
}

func (s *screen) Columns() int { return s.columns }

// Only a terminal gets lines that fit, and a write to it has taken the whole text.
func TestProse(t *testing.T) {
	const text = "harbor.lab: the login of dev@vsphere.local at 10.0.0.1 has ended; type: kubectl vsphere login --server 10.0.0.1\n"
	for columns, lines := range map[int]int{0: 1, 40: 4} {
		s := &screen{columns: columns}
		if n, err := Prose(s).Write([]byte(text)); n != len(text) || err != nil {
			t.Errorf("%d %v", n, err)
		}
		if got := s.String(); strings.Count(got, "\n") != lines || columns > 0 && !strings.HasSuffix(got, "\nkubectl vsphere login --server 10.0.0.1\n") {
			t.Errorf("%d columns:\n%s", columns, got)
		}
	}
	var pipe bytes.Buffer
	if _, err := Prose(&pipe).Write([]byte(text)); err != nil || pipe.String() != text {
		t.Errorf("%v %q", err, pipe.String())
	}
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if n := Columns(file); n != 0 {
		t.Errorf("a file has %d columns", n)
	}
}

func TestTable(t *testing.T) {
	var s Shape
	got := ""
	for _, rows := range [][][]string{
		{{"SERVER", "USER", "TOKEN"}, {"10.0.0.1", "김철수@corp.example", "good for 10h"}, {"sup", "dev@vsphere.local", ""}},
		{{"sup2", "a", "b"}, {"sup.example.com", "a", "b"}},
		{{"sup3", "a", "b"}},
	} {
		s.Grow(rows)
		got += s.Lines(rows, nil)
	}
	want := "SERVER     USER                  TOKEN\n" +
		"10.0.0.1   김철수@corp.example   good for 10h\n" +
		"sup        dev@vsphere.local     \n" +
		"sup2              a                     b\n" + // Those below others, a wide one among them.
		"sup.example.com   a                     b\n" +
		"sup3              a                     b\n"
	if got != want {
		t.Errorf("\n%s\nwant\n%s", got, want)
	}
	if Table(nil) != "" {
		t.Error("no rows")
	}
}

// All columns begin below each other on the screen, whatever is in the cells.
func TestColumnsBeginTogether(t *testing.T) {
	rows := [][]string{{"NAME", "STATE", "CONTEXT"}, {"개발-클러스터", "ready", "개발"}, {"tkc1", "준비 안 됨", "tkc1"}, {"e\u0301te\u0301", "😀", "ｆｕｌｌ"}, {"", "", ""}}
	var s Shape
	s.Grow(rows)
	for line := range strings.Lines(s.Lines(rows, func(_ int, cell string) string { return "<" + cell + ">" })) {
		for column, want := range map[int]int{1: Width("개발-클러스터") + len(gap), 2: Width("개발-클러스터") + Width("준비 안 됨") + 2*len(gap)} {
			cells := strings.SplitAfterN(strings.TrimSuffix(line, "\n"), "<", column+2)
			before := strings.NewReplacer("<", "", ">", "").Replace(strings.Join(cells[:column+1], ""))
			if got := Width(before); got != want {
				t.Errorf("column %d of %q begins at %d, not %d", column, line, got, want)
			}
		}
	}
}

func TestRecords(t *testing.T) {
	rows := [][]string{{"NAME", "상태", "MESSAGE"}, {"tkc1", "준비", "no room is left; type: kubectl vsphere list storage -n ns1"}, {"개발", "-", "a"}, {"", "", "a"}}
	want := "NAME     tkc1\n상태     준비\nMESSAGE  no room is left; type:\n         kubectl vsphere list storage -n ns1\n\nNAME     개발\nMESSAGE  a\n\nMESSAGE  a\n"
	if got := Records(rows[0], rows[1:], 36, nil); got != want {
		t.Errorf("\n%s\nwant\n%s", got, want)
	}
	if got := Records(rows[0], nil, 36, nil); got != "" {
		t.Errorf("%q", got)
	}
}

// Lines that are too long end between columns. What is below a heading stays there, and a line without a value is left out.
func TestFold(t *testing.T) {
	rows := [][]string{{"NAME", "STATE", "MESSAGE", "AGE"}, {"클러스터", "ready", "-", "-"}, {"b", "failed", "no room is left", "1d"}}
	for columns, want := range map[int]string{
		80: "NAME       STATE    MESSAGE           AGE\n클러스터   ready    -                 -\nb          failed   no room is left   1d\n",
		42: "NAME       STATE    MESSAGE           AGE\n클러스터   ready    -                 -\nb          failed   no room is left   1d\n",
		41: "NAME       STATE    MESSAGE\n  AGE\n클러스터   ready    -\nb          failed   no room is left\n  1d\n",
		24: "NAME       STATE\n  MESSAGE           AGE\n클러스터   ready\nb          failed\n  no room is left   1d\n",
		10: "NAME\n  STATE\n  MESSAGE\n  AGE\n클러스터\n  ready\nb\n  failed\n  no room is left\n  1d\n",
	} {
		var s Shape
		s.Grow(rows)
		lines := s.Fold(columns)
		if got := s.Lines(rows, nil); got != want || lines != strings.Count(want[:strings.Index(want, "클")], "\n") {
			t.Errorf("%d columns, %d lines:\n%s\nwant\n%s", columns, lines, got, want)
		}
	}
}

func TestHang(t *testing.T) {
	for _, tc := range []struct {
		text        string
		at, columns int
		want        string
	}{
		{"it fits", 5, 30, "it fits"},
		{"the quick brown fox jumps over", 8, 30, "the quick brown fox\n        jumps over"},
		{"the quick brown fox jumps over", 20, 30, "the quick\n  brown fox jumps over"},
		{"the quick brown fox jumps over", 0, 30, "the quick brown fox jumps\n  over"},
		{"a-word-that-fits-nowhere-else", 8, 32, "\n  a-word-that-fits-nowhere-else"},
		{"so a-word-that-fits-nowhere-else", 8, 32, "so\n  a-word-that-fits-nowhere-else"},
		{"a-word-that-does-not-fit-anywhere", 8, 30, "a-word-that-does-not-fit-anywhere"},
		{"the quick brown fox jumps over", 8, 0, "the quick brown fox jumps over"},
		{"네임스페이스 개발팀 운영팀 보안팀", 4, 30, "네임스페이스 개발팀\n    운영팀 보안팀"},
		{"type: kubectl vsphere login --server S, and then wait", 8, 30, "type:\n        kubectl vsphere login --server S,\n        and then wait"},
	} {
		if got := Hang(tc.text, tc.at, tc.columns); got != tc.want {
			t.Errorf("%q at %d of %d: %q", tc.text, tc.at, tc.columns, got)
		}
	}
}
