package boundedyaml

import (
	"bytes"
	"errors"
	"io"

	"go.yaml.in/yaml/v3"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
)

// checkAliases returns a *bounded.Error if a text stands for more than bounded.MaxSize bytes or bounded.MaxValues values with each alias
// replaced. A text without aliases is not parsed.
func checkAliases(text []byte) error {
	if bytes.IndexByte(text, '*') < 0 || bytes.IndexByte(text, '&') < 0 {
		return nil
	}
	for decoder := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var root yaml.Node
		switch err := decoder.Decode(&root); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		w := weigher{known: map[*yaml.Node]weight{}}
		if all := w.weigh(&root); w.aliases && (all.bytes > bounded.MaxSize || all.values > bounded.MaxValues) {
			return &bounded.Error{Reason: "stands for more than 4 MiB once its YAML aliases are replaced"}
		}
	}
}

// weight is what a node stands for.
type weight struct{ bytes, values int }

// weigher weighs each node once, however many aliases lead to it.
type weigher struct {
	known   map[*yaml.Node]weight
	aliases bool
}

func (w *weigher) weigh(n *yaml.Node) weight {
	if n.Kind == yaml.AliasNode {
		w.aliases = true
		n = n.Alias
	}
	if known, ok := w.known[n]; ok {
		return known
	}
	const over = 1 << 30
	w.known[n] = weight{over, over} // An anchor that contains itself is endless.
	all := weight{len(n.Value), 1}
	for _, child := range n.Content {
		one := w.weigh(child)
		all = weight{min(over, all.bytes+one.bytes), min(over, all.values+one.values)}
	}
	w.known[n] = all
	return all
}
