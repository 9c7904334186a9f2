package mask

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const plantedSecret = "S3CRET-9f3a"

// public are the places below users and contexts whose text is shown: names, paths, and what is no credential by its meaning. A secret that
// somebody puts there looks like a name.
var public = regexp.MustCompile(`^(users\[\](/name|/user(/(username|client-certificate|client-key|tokenFile|as|as-uid|as-groups\[\])` +
	`|/exec/(apiVersion|command|installHint|interactiveMode|provideClusterInfo|env\[\]/name)|/auth-provider/name` +
	`|/extensions\[\]/(name|extension/(server|user|cluster))))` +
	`|contexts\[\](/name|/context(/(cluster|user|namespace)|/extensions\[\]/(name|extension/(server|user|cluster)))))$`)

// belongs are the fields of each place, with [] for a list, so that deep places are reached.
var belongs = map[string][]string{
	"users[]":                           {"name", "user", "user", "user"},
	"users[]/user":                      {"exec", "exec", "auth-provider", "token", "client-certificate-data", "extensions", "as", "username", "as-groups", "as-user-extra"},
	"users[]/user/exec":                 {"command", "args", "env", "installHint", "provideClusterInfo"},
	"users[]/user/exec/env[]":           {"name", "value"},
	"users[]/user/auth-provider":        {"name", "config"},
	"users[]/user/auth-provider/config": {"id-token", "client-id"},
	"contexts[]":                        {"name", "context", "context", "context"},
	"contexts[]/context":                {"cluster", "user", "namespace", "extensions", "token"},

	"users[]/user/extensions[]":                 {"name", "extension"},
	"users[]/user/extensions[]/extension":       {"server", "user", "cluster", "x"},
	"contexts[]/context/extensions[]":           {"name", "extension"},
	"contexts[]/context/extensions[]/extension": {"server", "user", "cluster", "x"},
}

// spot is a scalar in a document, and its place.
type spot struct {
	node  *yaml.Node
	place string
	key   bool
}

// planter makes a random document with one secret in it.
type planter struct {
	*rand.Rand
	spots []spot
}

func (p *planter) scalar(value, place string, key bool) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: value}
	p.spots = append(p.spots, spot{n, place, key})
	return n
}

// node is what stands at a place: mostly what belongs there, and at times anything else.
func (p *planter) node(place string, depth int) *yaml.Node {
	n := &yaml.Node{Style: []yaml.Style{0, yaml.FlowStyle}[p.IntN(2)]}
	isList := regexp.MustCompile(`^(users|contexts|.*/(extensions|env|args|as-groups))$`).MatchString(place)
	isMapping := belongs[place] != nil || strings.HasSuffix(place, "as-user-extra")
	switch odd := p.IntN(8); {
	case depth > 8, odd == 0, odd > 2 && !isList && !isMapping:
		return p.scalar("x", place, false)
	case odd == 1, odd > 2 && isList:
		n.Kind = yaml.SequenceNode
		for range 1 + p.IntN(3) {
			n.Content = append(n.Content, p.node(place+"[]", depth+1))
		}
	default:
		n.Kind = yaml.MappingNode
		for range 1 + p.IntN(4) {
			key := "x"
			if known := belongs[place]; len(known) > 0 && p.IntN(6) > 0 {
				key = known[p.IntN(len(known))]
			}
			n.Content = append(n.Content, p.scalar(key, place, true), p.node(place+"/"+key, depth+1))
		}
	}
	return n
}

// text makes a document. Without a place, YAML cannot write it.
func (p *planter) text() (text []byte, place string) {
	top := []string{"users", "contexts"}[p.IntN(2)]
	below := p.node(top, 0)
	document := &yaml.Node{Kind: yaml.MappingNode}
	at := func(key string, value *yaml.Node) {
		document.Content = append(document.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, value)
	}
	at("kind", &yaml.Node{Kind: yaml.ScalarNode, Value: "Config"})
	if p.IntN(4) == 0 {
		below.Anchor = "a"
		at("x", below)
		below = &yaml.Node{Kind: yaml.AliasNode, Value: "a", Alias: below}
	}
	at(top, below)
	chosen := p.spots[p.IntN(len(p.spots))]
	form := []string{"%s", "%s", "%s", "Bearer %s", "a\n%s\nb", "%s: x", "- %s", "# %s", "'%s", `"%s`, "{%s}", "&%s", "*%s", "!%s", "https://h/%s"}
	chosen.node.Value = fmt.Sprintf(form[p.IntN(len(form))], plantedSecret)
	chosen.node.Style = []yaml.Style{0, 0, yaml.DoubleQuotedStyle, yaml.SingleQuotedStyle, yaml.LiteralStyle, yaml.FoldedStyle}[p.IntN(6)]
	text, err := yaml.Marshal(document)
	if err != nil || !bytes.Contains(text, []byte(plantedSecret)) {
		return nil, ""
	}
	if chosen.key {
		return text, chosen.place + "/key"
	}
	return text, chosen.place
}

// checkPlanted fails if the secret of a document is left. It reports whether the document was shown, and whether the secret is at a public place.
func checkPlanted(t *testing.T, seed uint64) (shown, isPublic bool) {
	t.Helper()
	text, place := (&planter{Rand: rand.New(rand.NewPCG(seed, 2))}).text()
	if place == "" {
		return false, false
	}
	got, err := Text(text)
	isPublic = public.MatchString(place)
	if err == nil && !isPublic && bytes.Contains(got, []byte(plantedSecret)) {
		t.Errorf("seed %d: the secret at %s is left\n%s\n-----\n%s", seed, place, text, got)
	}
	return err == nil, isPublic
}

// A secret at any place below users and contexts, in a document of any shape, does not appear.
func TestPlantedSecretIsNeverLeft(t *testing.T) {
	shown, hidden := 0, 0
	for seed := range uint64(2000) {
		if ok, isPublic := checkPlanted(t, seed); ok && isPublic {
			shown++
		} else if ok {
			hidden++
		}
		if t.Failed() {
			return
		}
	}
	if hidden < 1000 || shown < 50 {
		t.Errorf("%d documents with a secret at a place that is not public, %d with one that is", hidden, shown)
	}
}

func FuzzPlantedSecret(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { checkPlanted(t, seed) })
}
