package splice

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	clientcmdv1 "k8s.io/client-go/tools/clientcmd/api/v1"
)

// The corpus is kubeconfigs as programs and people write them. What Edit promises is checked on each of them by
// comparing lines: the entries come out as planned (Edit itself reads the result back), and what is outside of the plan
// is the same to the byte.

func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/corpus/*")
	if err != nil || len(paths) < 20 {
		t.Fatalf("the corpus is missing: %d files, %v", len(paths), err)
	}
	all := map[string][]byte{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(path)] = text
	}
	return all
}

func eachFile(t *testing.T, test func(t *testing.T, text []byte, isFlow bool)) {
	for name, text := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			test(t, text, strings.HasPrefix(name, "json") || strings.HasPrefix(name, "flow-sections"))
		})
	}
}

// addition is a change that adds an entry to each section.
func addition() Change {
	return Change{
		Clusters: []clientcmdv1.NamedCluster{{Name: "10.0.0.1", Cluster: clientcmdv1.Cluster{Server: "https://10.0.0.1:6443", CertificateAuthorityData: []byte("ca")}}},
		Contexts: []clientcmdv1.NamedContext{{Name: "ns: 1", Context: clientcmdv1.Context{Cluster: "10.0.0.1", AuthInfo: "wcp:10.0.0.1:a@b", Namespace: "ns"}}},
		Users: []clientcmdv1.NamedAuthInfo{{Name: "wcp:10.0.0.1:a@b", AuthInfo: clientcmdv1.AuthInfo{Exec: &clientcmdv1.ExecConfig{
			APIVersion: "client.authentication.k8s.io/v1", Command: "kubectl-vsphere", Args: []string{"get-token", "--server", "10.0.0.1", "--user", "a@b"},
			InstallHint: "two\nlines", InteractiveMode: clientcmdv1.IfAvailableExecInteractiveMode,
		}}}},
	}
}

func deletion() Change {
	return Change{DeleteClusters: []string{"10.0.0.1"}, DeleteContexts: []string{"ns: 1"}, DeleteUsers: []string{"wcp:10.0.0.1:a@b"}}
}

// edited is a text with a change made.
func edited(text []byte, c Change) (out []byte, rewritten bool, err error) {
	d, err := Read(text)
	if err != nil {
		return nil, false, err
	}
	rewritten, err = d.Edit(c)
	return d.Text(), rewritten, err
}

func splice(t *testing.T, text []byte, c Change) []byte {
	t.Helper()
	out, _, err := edited(text, c)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return out
}

// lost are the lines of old that are not in new, in the order of both (a longest common subsequence): what an edit took
// away.
func lost(old, new []byte) []string {
	a, b := lines(old), lines(new)
	common := make([][]int, len(a)+1) // common[i][j]: how many lines a[i:] and b[j:] share
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			common[i][j] = max(common[i+1][j], common[i][j+1])
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	var gone []string
	for i, j := 0, 0; i < len(a); {
		switch {
		case j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case j < len(b) && common[i][j+1] >= common[i+1][j]:
			j++
		default:
			gone = append(gone, a[i])
			i++
		}
	}
	return gone
}

// lines keeps the line ends; a last line without one is compared as if it had one, since text may come after it.
func lines(text []byte) []string {
	eol := "\n"
	if bytes.Contains(text, []byte("\r\n")) {
		eol = "\r\n"
	}
	all := slices.Collect(strings.Lines(string(text)))
	if n := len(all); n > 0 && !strings.HasSuffix(all[n-1], "\n") {
		all[n-1] += eol
	}
	return all
}

func TestAddKeepsEveryByte(t *testing.T) {
	eachFile(t, func(t *testing.T, text []byte, isFlow bool) {
		out, rewritten, err := edited(text, addition())
		if err != nil {
			t.Fatal(err)
		}
		if rewritten != isFlow {
			t.Errorf("rewritten: %t", rewritten)
		}
		if isFlow {
			return
		}
		for _, line := range lost(text, out) {
			// An empty section gets its items below, so that what says "empty" goes.
			if key, value, ok := strings.Cut(strings.TrimSpace(line), ":"); !ok || !emptyList(value) || strings.Contains(key, " ") {
				t.Errorf("lost %q in\n%s", line, out)
			}
		}
		if bytes.HasSuffix(text, []byte("\n")) != bytes.HasSuffix(out, []byte("\n")) && len(text) > 0 {
			t.Error("the end of the file changed")
		}
		if bytes.Contains(text, []byte("\r\n")) && bytes.Contains(bytes.ReplaceAll(out, []byte("\r\n"), nil), []byte("\n")) {
			t.Error("line ends are mixed")
		}
	})
}

func emptyList(value string) bool {
	value, _, _ = strings.Cut(value, "#")
	return slices.Contains([]string{"", "[]", "~", "null"}, strings.TrimSpace(value))
}

// Adding and deleting again gives the file back, to the byte, where the sections had entries before.
func TestAddThenDeleteIsNothing(t *testing.T) {
	eachFile(t, func(t *testing.T, text []byte, isFlow bool) {
		out := splice(t, splice(t, text, addition()), deletion())
		if isFlow {
			again := splice(t, splice(t, out, addition()), deletion())
			if string(again) != string(out) {
				t.Errorf("the second time differs:\n%s", cmp.Diff(string(out), string(again)))
			}
			return
		}
		cfg, err := load(text)
		if err != nil {
			t.Fatal(err)
		}
		if len(cfg.Clusters) > 0 && len(cfg.Contexts) > 0 && len(cfg.AuthInfos) > 0 && string(out) != string(text) {
			t.Errorf("not the same:\n%s", cmp.Diff(string(text), string(out)))
		}
	})
}

// Each entry can be replaced and deleted; its neighbours keep every byte.
func TestEditOfEachEntry(t *testing.T) {
	eachFile(t, func(t *testing.T, text []byte, isFlow bool) {
		cfg, err := load(text)
		if err != nil {
			t.Fatal(err)
		}
		for name := range cfg.AuthInfos {
			user := addition().Users[0]
			user.Name = name
			checkEdit(t, text, Change{Users: []clientcmdv1.NamedAuthInfo{user}}, isFlow)
			checkEdit(t, text, Change{DeleteUsers: []string{name}}, isFlow)
		}
		for name := range cfg.Clusters {
			cluster := addition().Clusters[0]
			cluster.Name = name
			checkEdit(t, text, Change{Clusters: []clientcmdv1.NamedCluster{cluster}}, isFlow)
			checkEdit(t, text, Change{DeleteClusters: []string{name}}, isFlow)
		}
		all := Change{
			DeleteUsers: slices.Collect(maps.Keys(cfg.AuthInfos)), DeleteClusters: slices.Collect(maps.Keys(cfg.Clusters)),
			DeleteContexts: slices.Collect(maps.Keys(cfg.Contexts)), CurrentContext: new(string),
		}
		checkEdit(t, text, all, isFlow)
	})
}

// checkEdit makes an edit. It may be refused where an alias needs the entry, but never be wrong.
func checkEdit(t *testing.T, text []byte, c Change, isFlow bool) {
	t.Helper()
	out, _, err := edited(text, c)
	if err != nil {
		if !bytes.Contains(text, []byte("&")) {
			t.Errorf("%v: %v", c, err)
		}
		return
	}
	if isFlow {
		return
	}
	for _, line := range lost(text, out) {
		if strings.Contains(line, "# ") && strings.HasPrefix(strings.TrimSpace(line), "#") && !strings.Contains(line, "inside") && !strings.Contains(line, "not a comment") &&
			!strings.Contains(line, "insecure") {
			t.Errorf("lost the comment %q by %v", line, c)
		}
	}
}

// The current context is set in its line; what else is on the line stays.
func TestCurrentContext(t *testing.T) {
	eachFile(t, func(t *testing.T, text []byte, isFlow bool) {
		name := "a: b # c"
		c := Change{CurrentContext: &name}
		out := splice(t, text, c)
		if isFlow && !bytes.Contains(text, []byte("# flow")) {
			return
		}
		gone := lost(text, out)
		if len(gone) > 1 || len(gone) == 1 && !strings.Contains(gone[0], "current-context") {
			t.Errorf("lost %q", gone)
		}
		if len(gone) == 1 {
			if _, comment, found := strings.Cut(gone[0], "#"); found && !strings.Contains(string(out), "#"+comment) {
				t.Errorf("the comment of %q went", gone[0])
			}
		}
	})
}

func TestRefused(t *testing.T) {
	for name, text := range map[string]string{
		"not YAML":           "apiVersion: v1\nclusters: [\n",
		"a list":             "- a\n- b\n",
		"a sentence":         "hello\n",
		"a tab":              "apiVersion: v1\nclusters:\n\t- name: x\n",
		"two documents":      "apiVersion: v1\nkind: Config\n---\napiVersion: v1\n",
		"a key twice":        "apiVersion: v1\nkind: Config\nclusters: []\nclusters: []\n",
		"clusters no list":   "apiVersion: v1\nkind: Config\nclusters: {a: b}\n",
		"another kind":       "apiVersion: v1\nkind: Pod\n",
		"odd line breaks":    "apiVersion: v1\rkind: Config\r",
		"entry without name": "apiVersion: v1\nkind: Config\nusers:\n- just text\n",
		"a name twice":       "apiVersion: v1\nkind: Config\nusers:\n- {name: a, user: {token: hush}}\n- {name: a, user: {token: hush}}\n",
		"a number as token":  "apiVersion: v1\nkind: Config\nusers:\n- {name: a, user: {token: [hush]}}\n",
		"an alias":           "apiVersion: v1\nkind: Config\nx: &u\n- {name: a, user: {token: hush}}\nusers: *u\n",
	} {
		t.Run(name, func(t *testing.T) {
			out, _, err := edited([]byte(text), addition())
			if err == nil {
				t.Errorf("edited:\n%s", out)
			} else if strings.Contains(err.Error(), "\n") {
				t.Errorf("not one line: %v", err)
			} else if strings.Contains(err.Error(), "hush") {
				t.Errorf("a secret: %v", err)
			}
		})
	}
}

// Lists with an anchor or a tag, and a current context on several lines, are odd and can be edited.
func TestOddAndEditable(t *testing.T) {
	for name, text := range map[string]string{
		"an anchor":        "apiVersion: v1\nkind: Config\nusers: &u   # all\n  - name: a\n    user: {token: x}\n",
		"a tag":            "apiVersion: v1\nkind: Config\nusers: !!seq\n- name: a\n  user: {token: x}\n",
		"a folded context": "apiVersion: v1\nkind: Config\ncurrent-context: >-\n  a\nusers:\n- name: a\n  user: {token: x}\n",
		"a long context":   "apiVersion: v1\nkind: Config\ncurrent-context: \"a\n  b\"\nusers:\n- name: a\n  user: {token: x}\n",
	} {
		t.Run(name, func(t *testing.T) {
			c, current := addition(), "ns1"
			c.CurrentContext = &current
			if out, _, err := edited([]byte(text), c); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// What kubectl reads can be edited, however odd it is; what is below an empty value stays.
func TestFormsThatKubectlReads(t *testing.T) {
	for text, kept := range map[string]string{
		"users:\n  []\n":                                 "",
		"users: [\n]\nkind: Config\n":                    "\nkind: Config\n",
		"users: [ # none\n # yet\n]\nkind: Config\n":     "users: # none\n",
		"contexts:\n  null\n# end\n":                     "# end\n",
		"contexts:\n  # none yet\n  []\n":                "  # none yet\n",
		"null":                                           "",
		"~ # nothing\n":                                  "# nothing\n",
		"--- null\n":                                     "---",
		"apiVersion: v1\n---\n":                          "\n---\n",
		"apiVersion: v1\n---\n# end\n":                   "\n---\n# end\n",
		"apiVersion: v1\n--- null\n---\n...\n":           "\n--- null\n---\n...\n",
		"kind: Config\nkind: Config\n":                   "kind: Config\nkind: Config\n",
		"preferences: {}\nx: 1\nx: 2\npreferences: {}\n": "preferences: {}\nx: 1\nx: 2\npreferences: {}\n",
		"users:\n- name: a\n  name: b\n  user: {}\n":     "- name: a\n  name: b\n  user: {}\n",
		"users: [{name: a, name: b, user: {}}]\n":        "- name: a\n",
	} {
		out := splice(t, []byte(text), addition())
		if !strings.Contains(string(out), kept) {
			t.Errorf("%q became\n%s", text, out)
		}
	}
}

// JSON is laid out anew, and a number in it keeps its spelling.
func TestNumbersKeepTheirSpelling(t *testing.T) {
	text := `{"apiVersion":"v1","kind":"Config","extensions":[{"name":"x","extension":{"a":2.50,"b":12345678901234567890}}]}`
	out, _, err := edited([]byte(text), addition())
	if err != nil || !strings.Contains(string(out), "2.50") || !strings.Contains(string(out), "12345678901234567890") {
		t.Errorf("%v\n%s", err, out)
	}
}

// An alias that would lose its anchor is refused rather than broken.
func TestAnchorInUse(t *testing.T) {
	text := corpus(t)["anchors.yaml"]
	if out, _, err := edited(text, Change{DeleteUsers: []string{"one"}}); err == nil {
		t.Errorf("the anchor of another entry went:\n%s", out)
	}
	splice(t, text, Change{DeleteUsers: []string{"two"}})
}

// FuzzEdit: whatever the file holds, the result is exactly the planned change or an error, and never a panic.
func FuzzEdit(f *testing.F) {
	for _, text := range corpus(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		old, err := load(text)
		if err != nil {
			return
		}
		out, _, err := edited(text, addition())
		if err != nil {
			return
		}
		if _, err := verify(old, out, addition()); err != nil {
			t.Errorf("%v\n%q\n%q", err, text, out)
		}
		back, _, err := edited(out, deletion())
		if err != nil {
			t.Errorf("what was added cannot be deleted: %v\n%q", err, out)
			return
		}
		if again, _, err := edited(back, addition()); err != nil {
			t.Errorf("what was deleted cannot be added: %v\n%q", err, again)
		}
	})
}
