package splice

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	clientcmdv1 "k8s.io/client-go/tools/clientcmd/api/v1"
)

// generator writes kubeconfigs in the forms that YAML has for the same thing. What kubectl can read, an edit must be able to change.
type generator struct {
	*rand.Rand
	anchors int
	b       strings.Builder
}

func (g *generator) one(of ...string) string { return of[g.IntN(len(of))] }

func (g *generator) rarely() bool { return g.IntN(6) == 0 }

// comment is a line for people, or nothing.
func (g *generator) comment(indent string) string {
	return g.one("", "", "", indent+"# a comment: with [odd] \"text\"\n", "\n", "# at the left\n", "  \n")
}

// text writes a string as a scalar in one of YAML's styles. rest is the indentation of lines that continue it.
func (g *generator) text(s, rest string) string {
	switch g.IntN(10) {
	case 0:
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	case 1:
		return fmt.Sprintf("%q", s)
	case 2:
		return g.block(s, rest)
	case 8:
		return g.one("!!str ", "!!str # why |\n"+rest, "&b ", "&b !!str\n"+rest+"# |\n"+rest) + g.block(s, rest)
	case 3:
		return "!!str " + fmt.Sprintf("%q", s)
	case 4:
		g.anchors++
		return fmt.Sprintf("&a%d %q", g.anchors, s)
	case 5:
		return "\n" + rest + fmt.Sprintf("%q", s)
	case 6:
		return fmt.Sprintf("%q # %s", s, g.one("why", "it's", `a "quote`))
	case 7: // A string in double quotes over two lines.
		return fmt.Sprintf("\"%s\\\n%s%s\"", s[:1], rest, s[1:])
	}
	return s
}

// block writes a string as a block scalar, perhaps with more lines. rest is two spaces more than the mapping around it has.
func (g *generator) block(s, rest string) string {
	header, more := g.one("|", ">")+g.one("", "-", "+", "2", "2-", "2+", "-2", "+2"), ""
	if strings.Contains(header, "2") {
		more = g.one("", "", "  ", " ")
	}
	return header + g.one("", "", " # why") + "\n" + g.one("", "", "\n", rest+"\n") + rest + more + s +
		g.one("", "", "\n"+rest+"# content", "\n"+rest+"  # content\n"+rest+"# content", "\n"+rest+"é\n\n"+rest+"# content") +
		g.one("", "", "", "\n", "\n\n", "\n"+rest, "\n"+rest+"  ", "\n\n"+rest+" \n ")
}

// fields writes the keys of a mapping in any order, some twice or unknown. The first follows what is on the line already.
func (g *generator) fields(indent string, pairs ...[2]string) string {
	if g.rarely() {
		pairs = append(pairs, [2]string{"x-unknown", g.one("1", "[a, {b: c}]", "{}", "\n"+indent+"  y: z", "|\n"+indent+"  --- not a start\n"+indent+"  name: x")})
	}
	g.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	var b strings.Builder
	for i, p := range pairs {
		if i > 0 {
			b.WriteString(g.comment(indent) + indent)
		}
		b.WriteString(g.one(p[0], p[0], p[0], `"`+p[0]+`"`, "'"+p[0]+"'") + g.one(":", ":", " :") + " " + p[1] + "\n")
	}
	return b.String()
}

// entry is an item of a list without its dash.
func (g *generator) entry(s Section, name, indent string) string {
	inner := indent + "    "
	var value string
	switch s {
	case clusters:
		value = g.fields(inner, [2]string{"server", g.text("https://10.1.1.1:6443", inner+"  ")}, [2]string{"insecure-skip-tls-verify", g.one("true", "false")})
	case contexts:
		value = g.fields(inner, [2]string{"cluster", g.text("c1", inner+"  ")}, [2]string{"user", g.text("u1", inner+"  ")}, [2]string{"namespace", g.text("ns", inner+"  ")})
	default:
		value = g.fields(inner, [2]string{"token", g.text("hush-hush", inner+"  ")})
	}
	kind := strings.TrimSuffix(string(s), "s")
	pairs := [][2]string{{"name", g.text(name, indent+"    ")}, {kind, "\n" + inner + strings.TrimSuffix(value, "\n")}}
	if g.rarely() {
		pairs = append(pairs, [2]string{"name", g.text(name, indent+"    ")}) // The last one counts.
	}
	if g.rarely() {
		pairs[1] = [2]string{kind, g.one("{}", "{ }", "{\n"+inner+"}")}
	}
	return g.fields(indent+"  ", pairs...)
}

// section is a list with n entries, in block or flow style.
func (g *generator) section(s Section, n int) string {
	key := g.one(string(s), string(s), string(s), `"`+string(s)+`"`)
	if n == 0 {
		return key + ":" + g.one("", " null", " ~", " []", " [ ]", "\n  []", " [\n]", " [ # none\n]", "\n  null", "\n  # none yet\n  []", " !!seq []", " &e []") + "\n"
	}
	if g.rarely() {
		var items []string
		for i := range n {
			kind := strings.TrimSuffix(string(s), "s")
			items = append(items, fmt.Sprintf(g.one(`{name: %s%d, %s: {}}`, `{"name": "%s%d", "%s": {}}`, "{name: '%s%d',\n   %s: {}}"), s[:1], i+1, kind))
		}
		return key + ": [" + g.one("", "\n  ") + strings.Join(items, g.one(", ", ",\n  ", ", # more\n  ")) + g.one("", ",", "\n") + "]\n"
	}
	indent := g.one("", "  ", "    ")
	var b strings.Builder
	b.WriteString(key + ":" + g.one("", "", "", " # all of them", " !!seq", fmt.Sprintf(" &list%s", s)) + "\n")
	for i := range n {
		name := fmt.Sprintf("%s%d", s[:1], i+1)
		b.WriteString(g.comment(indent))
		b.WriteString(indent + g.one("- ", "- ", "- ", "-\n"+indent+"  ", "- # an entry\n"+indent+"  ", "- !!map\n"+indent+"  ") + g.entry(s, name, indent))
	}
	return b.String()
}

// file is a whole kubeconfig.
func (g *generator) file() []byte {
	if g.IntN(36) == 0 {
		return []byte(g.one("", "\n", "# nothing\n", "null", "~ # none\n", "---\n", "--- null\n", "---\n# end\n", "{}", "{ }\n", "\ufeff", "...\n"))
	}
	parts := []string{}
	for _, s := range sections {
		if !g.rarely() {
			parts = append(parts, g.section(s, g.IntN(4)))
		}
	}
	parts = append(parts, g.one("apiVersion: v1\n", "", "apiVersion: \"v1\"\n"), g.one("kind: Config\n", "", "kind: 'Config'\n", "kind: Config\nkind: Config\n"))
	if !g.rarely() {
		parts = append(parts, g.one("current-context", `"current-context"`)+": "+g.text("c1", "  ")+"\n")
	}
	parts = append(parts, g.one("", "preferences: {}\n", "preferences: {}\npreferences: {}\n", "x-team: [a, b]\n", "x-text: |\n  clusters:\n  - name: no\n  # no comment\n\n", "extensions:\n- name: x\n  extension: {a: 2.50}\n", "x-block: "+g.block("clusters:", "  ")+"\n"))
	g.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	g.b.WriteString(g.one("", "", "", "\ufeff", "# mine\n", "\n\n") + g.one("", "", "---\n", "--- # start\n"))
	for _, p := range parts {
		g.b.WriteString(g.comment("") + p)
	}
	g.b.WriteString(g.one("", "", "# end\n", "...\n", "---\n", "---\n# end\n", "...\n# end\n", "--- null\n", "---\n---\n"))
	text := g.b.String()
	if g.rarely() {
		text = strings.TrimSuffix(text, "\n")
	}
	if g.rarely() {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return []byte(text)
}

// checkGenerated edits the kubeconfig of a seed. It reports whether kubectl can read it.
func checkGenerated(t *testing.T, seed uint64) bool {
	t.Helper()
	text := (&generator{Rand: rand.New(rand.NewPCG(seed, 13))}).file()
	old, err := load(text)
	if err != nil {
		return false
	}
	current := "ns: 1"
	add := addition()
	add.CurrentContext = &current
	replace := Change{}
	for _, name := range slices.Sorted(maps.Keys(old.AuthInfos)) {
		user := addition().Users[0]
		user.Name = name
		replace.Users = append(replace.Users, user)
	}
	remove := Change{CurrentContext: new(string)}
	remove.DeleteClusters = slices.Sorted(maps.Keys(old.Clusters))
	one := remove
	one.DeleteClusters = one.DeleteClusters[len(one.DeleteClusters)-min(1, len(one.DeleteClusters)):] // Whose trailing lines then follow another.
	for what, c := range map[string]Change{"add": add, "replace": replace, "remove all": remove, "remove one": one} {
		out, rewritten, err := edited(text, c)
		if err != nil {
			t.Errorf("seed %d: %s: %v\n%s", seed, what, err, text)
			continue
		}
		back, _, err := edited(out, Change{Contexts: []clientcmdv1.NamedContext{{Name: "again"}}})
		if err != nil {
			t.Errorf("seed %d: %s, and a second time: %v\n%s\nwas\n%s", seed, what, err, back, out)
		}
		if what == "add" && !rewritten {
			for _, line := range lost(text, out) {
				if strings.HasPrefix(strings.TrimSpace(line), "#") && !slices.Contains([]string{"# none", "# more", "# content", "# |"}, strings.TrimSpace(line)) {
					t.Errorf("seed %d: lost %q\n%s\nwas\n%s", seed, line, out, text)
				}
			}
		}
		if bytes.Count(out, []byte("\ufeff")) > 1 {
			t.Errorf("seed %d: a second byte order mark\n%q", seed, out)
		}
	}
	return true
}

func TestGenerated(t *testing.T) {
	const files = 400 // FuzzGenerated makes more.
	read := 0
	for seed := range uint64(files) {
		if checkGenerated(t, seed) {
			read++
		}
		if t.Failed() {
			break
		}
	}
	if read < files*8/10 && !t.Failed() {
		t.Errorf("kubectl reads only %d of %d", read, files)
	}
}

func FuzzGenerated(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { checkGenerated(t, seed) })
}
