package mask

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aymanbagabas/go-udiff"
	"k8s.io/client-go/tools/clientcmd"
)

// Random kubeconfigs, written as people and programs may write them. Every piece of a secret or a comment begins with
// S3C, every other value with P0K: none of the first may be left, and all of the second must.
const hiddenPiece, shownPiece = "S3C", "P0K"

type writer struct {
	*rand.Rand
	aliases []string // of the secrets with an anchor so far in the document
	anchors int
}

func (w *writer) one(of ...string) string { return of[w.IntN(len(of))] }

func (w *writer) words(piece string) []string {
	var all []string
	for range 1 + w.IntN(3) {
		all = append(all, piece+w.one("a", "b-c", "ü", "1.5", "x#y", "e:f", "'q", `z"`)+fmt.Sprint(w.IntN(1000)))
	}
	return all
}

func (w *writer) comment() string {
	return w.one("", "", "", " # "+hiddenPiece+w.one(": x", " 'y", ` "`, ""))
}

// scalar writes a value after a key or a dash. pad is the indentation of what goes on below.
func (w *writer) scalar(piece, pad string, flow bool) string {
	words := w.words(piece)
	anchor := ""
	if w.IntN(6) == 0 {
		w.anchors++
		anchor = fmt.Sprintf("&a%d ", w.anchors)
		if piece == hiddenPiece {
			w.aliases = append(w.aliases, fmt.Sprintf("*a%d", w.anchors))
		}
	}
	if w.IntN(8) == 0 {
		anchor += "!!str "
	}
	below := w.one("\n", "\n\n", "\n \n") + pad
	if flow {
		below = w.one(" ", "\n"+pad)
	}
	switch n := w.IntN(6); {
	case n == 0:
		return anchor + `"` + strings.Join(quote(words, `"`, `\"`), w.one(" ", `\n`, `\"`, " # ", below, "\\\n"+pad)) + `"`
	case n == 1:
		return anchor + "'" + strings.Join(quote(words, "'", "''"), w.one(" ", "''", " # ", ": ", below)) + "'"
	case n < 4 && !flow:
		header := w.one("|", ">") + w.one("", "-", "+")
		if n == 2 {
			header += "1"
			pad = pad[:len(pad)-1] // The content is a space deeper than the key.
		}
		return anchor + header + w.comment() + "\n" + pad + strings.Join(words, w.one("\n", "\n\n")+pad+w.one("", " ", "# "))
	}
	if w.IntN(4) == 0 && !flow {
		anchor += w.comment() + "\n" + pad
	}
	return anchor + strings.Join(words, w.one(" ", below))
}

func quote(words []string, old, now string) []string {
	var all []string
	for _, word := range words {
		all = append(all, strings.ReplaceAll(word, old, now))
	}
	return all
}

// pair is a key with a value: a piece, pairs or a list of them.
type pair struct {
	key   string
	value any // string: a piece; []pair: a mapping; [][]pair: a list of mappings; []string: a list of pieces
}

func (w *writer) mapping(pairs []pair, pad string) string {
	w.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	var b strings.Builder
	for i, p := range pairs {
		if i > 0 {
			b.WriteString(pad)
		}
		b.WriteString(w.one(p.key, p.key, `"`+p.key+`"`, "'"+p.key+"'") + ":" + w.block(p.value, pad) + "\n" + w.one("", "", "\n", pad+"# "+hiddenPiece+"\n"))
	}
	return b.String()
}

// block writes a value in block style, or sometimes in flow style.
func (w *writer) block(value any, pad string) string {
	if _, one := value.(string); !one && w.IntN(4) == 0 {
		return " " + w.flow(value, pad+"  ")
	}
	deep := pad + "  "
	var b strings.Builder
	switch v := value.(type) {
	case string:
		if v == hiddenPiece && len(w.aliases) > 0 && w.IntN(8) == 0 {
			return " " + w.aliases[w.IntN(len(w.aliases))]
		}
		return " " + w.scalar(v, deep, false)
	case []pair:
		return w.comment() + "\n" + deep + strings.TrimRight(w.mapping(v, deep), "\n")
	case [][]pair:
		for _, item := range v {
			b.WriteString("\n" + pad + "- " + strings.TrimRight(w.mapping(item, deep), "\n"))
		}
	case []string:
		for _, item := range v {
			b.WriteString("\n" + pad + "- " + w.scalar(item, deep, false))
		}
	}
	return b.String()
}

func (w *writer) flow(value any, pad string) string {
	var parts []string
	switch v := value.(type) {
	case string:
		return w.scalar(v, pad, true)
	case []pair:
		for _, p := range v {
			parts = append(parts, `"`+p.key+`": `+w.flow(p.value, pad))
		}
		return "{" + strings.Join(parts, w.separator(pad)) + "}"
	case [][]pair:
		for _, item := range v {
			parts = append(parts, w.flow(item, pad))
		}
	case []string:
		for _, item := range v {
			parts = append(parts, w.flow(item, pad))
		}
	}
	return "[" + strings.Join(parts, w.separator(pad)) + "]"
}

func (w *writer) separator(pad string) string {
	return w.one(", ", " , ", ",\n"+pad, ", # "+hiddenPiece+"\n"+pad)
}

// kubeconfig is a document with everything that may hold a secret.
func (w *writer) kubeconfig() string {
	var users [][]pair
	for i := range 1 + w.IntN(3) {
		users = append(users, []pair{{"name", shownPiece}, {"user", w.user(i)}})
	}
	w.aliases = nil
	text := w.mapping([]pair{
		{"kind", shownPiece},
		{"clusters", [][]pair{{{"name", shownPiece}, {"cluster", []pair{{"server", shownPiece}, {"certificate-authority-data", shownPiece}, {"proxy-url", w.url()}}}}}},
		{"users", users},
		{"x-client-secret", hiddenPiece},
		{"x-user", []pair{{"user", w.user(9)}}},
	}, "")
	return text + "x-used: [" + strings.Join(w.aliases, ", ") + "]\n"
}

// url is the begin of a URL with a secret, as a piece.
func (w *writer) url() string {
	return w.one("http://u:"+hiddenPiece+"@", "socks5://"+hiddenPiece+"@", "https://h/?"+hiddenPiece, "HTTP://"+hiddenPiece+":x@h?")
}

func (w *writer) user(i int) []pair {
	return []pair{
		{"username", shownPiece},
		{w.one("token", "password", "client-key-data", "unknown", "Token"), hiddenPiece},
		{"exec", []pair{
			{"command", shownPiece},
			{"installHint", w.url()},
			{"args", []string{hiddenPiece, hiddenPiece}},
			{"env", [][]pair{{{"name", shownPiece}, {"value", hiddenPiece}}}},
		}},
		{"auth-provider", []pair{{"name", shownPiece}, {"config", []pair{{fmt.Sprint("key", i), hiddenPiece}, {"other", hiddenPiece}}}}},
	}
}

func (w *writer) text() string {
	text := w.kubeconfig()
	if w.IntN(4) == 0 {
		text = "--- " + w.comment() + "\n" + text + "---\n" + w.kubeconfig()
	}
	if w.IntN(4) == 0 {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return w.one("", "", byteOrderMark) + text
}

func TestNoSecretIsLeft(t *testing.T) {
	shown := 0
	for seed := range uint64(1200) {
		w := &writer{Rand: rand.New(rand.NewPCG(seed, 0))}
		text := w.text()
		if _, err := parse([]byte(text)); err != nil {
			continue // The writer wrote what YAML does not allow.
		}
		shown++
		got, err := Text([]byte(text))
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, text)
		}
		if strings.Contains(string(got), hiddenPiece) {
			t.Fatalf("seed %d: a secret is left\n%s\n-----\n%s", seed, text, got)
		}
		if a, b := strings.Count(text, shownPiece), strings.Count(string(got), shownPiece); a != b {
			t.Fatalf("seed %d: %d of %d values are left that are not secret\n%s\n-----\n%s", seed, b, a, text, got)
		}
		diff(t, seed, w, text, string(got))
	}
	if shown < 400 {
		t.Errorf("only %d texts were YAML", shown)
	}
}

// diff changes one letter of a secret: the difference shows a line, and no secret.
func diff(t *testing.T, seed uint64, w *writer, text, masked string) {
	t.Helper()
	at := w.IntN(len(text) - len(hiddenPiece))
	next := strings.Index(text[at:], hiddenPiece)
	if next < 0 {
		return
	}
	at += next + len(hiddenPiece)
	changed := text[:at] + "7" + text[at:]
	before, after, err := Pair([]byte(text), []byte(changed))
	if err != nil {
		t.Fatalf("seed %d: %v\n%s", seed, err, changed)
	}
	comment := strings.Contains(text[strings.LastIndex(text[:at], "\n")+1:at], "# "+hiddenPiece)
	unified := udiff.Unified("old", "new", string(before), string(after))
	if string(before) != masked || unified == "" && !comment || strings.Contains(unified, hiddenPiece) {
		t.Fatalf("seed %d:\n%s\n-----\n%s\n-----\n%s", seed, text, changed, unified)
	}
}

// FuzzText compares with what kubectl reads: no secret of it is left, unless the same text is no secret elsewhere.
func FuzzText(f *testing.F) {
	paths, _ := filepath.Glob("../splice/testdata/corpus/*")
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for seed := range uint64(20) {
		f.Add([]byte((&writer{Rand: rand.New(rand.NewPCG(seed, 1))}).text()))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := Text(text)
		if err != nil {
			return
		}
		for _, secret := range secretsOf(text) {
			if len(secret) >= 8 && bytes.Contains(got, []byte(secret)) && bytes.Count(text, []byte(secret)) == 1 {
				t.Errorf("%q is left\n%s\n-----\n%s", secret, text, got)
			}
		}
	})
}

// secretsOf is what client-go finds at the places of secrets.
func secretsOf(text []byte) (all []string) {
	cfg, err := clientcmd.Load(text)
	if err != nil {
		return nil
	}
	for _, u := range cfg.AuthInfos {
		all = append(all, u.Token, u.Password)
		if u.AuthProvider != nil {
			for _, value := range u.AuthProvider.Config {
				all = append(all, value)
			}
		}
		if u.Exec != nil {
			for _, variable := range u.Exec.Env {
				all = append(all, variable.Value)
			}
		}
	}
	return all
}
