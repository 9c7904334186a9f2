package mask

import (
	"go.yaml.in/yaml/v3"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// findSecrets returns the scalars whose text is secret. Aliases are followed: a secret is hidden where it is written. It
// returns ErrUnsafe if part of a secret may be in an anchor or a tag.
func findSecrets(documents []*yaml.Node) (map[*yaml.Node]bool, error) {
	f := &finder{found: map[*yaml.Node]bool{}, aliased: map[*yaml.Node]bool{}, seen: map[visit]bool{}}
	for _, document := range documents {
		f.visit(document, other)
	}
	for v := range f.seen {
		if f.misread(v) {
			return nil, ErrUnsafe
		}
	}
	return f.found, nil
}

// visit is a node and what it is in one of its places.
type visit struct {
	node *yaml.Node
	kind kind
}

type finder struct {
	found   map[*yaml.Node]bool
	aliased map[*yaml.Node]bool // nodes whose anchors are in use
	seen    map[visit]bool
}

func (f *finder) visit(n *yaml.Node, k kind) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
		f.aliased[n] = true
	}
	if f.seen[visit{n, k}] {
		return // An anchor may hold an alias of itself.
	}
	f.seen[visit{n, k}] = true
	switch n.Kind {
	case yaml.ScalarNode:
		if !null(n) && !k.shows(n.Value) {
			f.found[n] = true
		}
	case yaml.SequenceNode:
		f.list(n, k)
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			f.pair(n.Content[i], n.Content[i+1], k)
		}
	}
}

// misread reports whether a secret may have been read as an anchor or a tag: so YAML takes a password that begins with &
// or !, without quotes.
func (f *finder) misread(v visit) bool {
	if v.kind != secret && (v.node.Kind != yaml.ScalarNode || v.kind.shows("")) {
		return false
	}
	switch v.node.ShortTag() {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!binary", "!!timestamp", "!!seq", "!!map", "!!merge":
		return v.node.Anchor != "" && !f.aliased[v.node]
	}
	return true
}

// null reports whether a scalar says that there is no value: nothing is written, or a plain null or ~.
func null(n *yaml.Node) bool { return empty(n) || n.Style == 0 && n.ShortTag() == "!!null" }

func (f *finder) list(n *yaml.Node, k kind) {
	of := k.item()
	if k == args && oursOnly(n) {
		of = word
	}
	for _, item := range n.Content {
		f.visit(item, of)
	}
}

func (f *finder) pair(key, value *yaml.Node, k kind) {
	if key.ShortTag() == "!!merge" && key.Value == "<<" && k != secret {
		f.merge(value, k)
		return
	}
	of, known := secret, false
	if key.Kind == yaml.ScalarNode || key.Kind == yaml.AliasNode { // No kubeconfig has other keys.
		of, known = k.field(nameOf(key))
	}
	if known {
		f.visit(key, other)
	} else {
		f.visit(key, secret)
	}
	f.visit(value, of)
}

// merge visits what a mapping takes over: another one, or several.
func (f *finder) merge(value *yaml.Node, k kind) {
	from := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		from = value.Content
	}
	for _, n := range from {
		to := n
		if n.Kind == yaml.AliasNode {
			to = n.Alias
		}
		if to.Kind == yaml.MappingNode {
			f.visit(n, k)
		} else {
			f.visit(n, secret)
		}
	}
}

// oursOnly reports whether a list of arguments is that of our get-token, which takes no secret.
func oursOnly(n *yaml.Node) bool {
	var all []string
	for _, item := range n.Content {
		all = append(all, nameOf(item))
	}
	_, ours := credfile.ParseArgs(all)
	return ours
}
