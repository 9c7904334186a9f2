package boundedyaml

import (
	"bytes"
	"errors"
	"io"

	"go.yaml.in/yaml/v3"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
)

// checkAliases returns a *bounded.Error if this text and those before it stand for more than bounded.MaxSize bytes or bounded.MaxValues
// values with each alias replaced. A text without aliases is not parsed, and does not count.
func (f *Files) checkAliases(text []byte) error {
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
		all := w.weigh(&root)
		if !w.aliases {
			continue
		}
		f.aliased = f.aliased.plus(all)
		if f.aliased.bytes > bounded.MaxSize || f.aliased.values > bounded.MaxValues {
			return &bounded.Error{Reason: "stands for more than 4 MiB once its YAML aliases are replaced"}
		}
	}
}

// weight is what a node stands for.
type weight struct{ bytes, values int }

// over is more than any bound, and so little that sums do not overflow.
const over = 1 << 30

func (w weight) plus(more weight) weight {
	return weight{min(over, w.bytes+more.bytes), min(over, w.values+more.values)}
}

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
	w.known[n] = weight{over, over} // An anchor that contains itself is endless.
	all := weight{len(n.Value), 1}
	for _, child := range n.Content {
		one := w.weigh(child)
		all = all.plus(one)
	}
	w.known[n] = all
	return all
}
