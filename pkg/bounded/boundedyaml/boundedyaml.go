// Package boundedyaml reads YAML that others wrote. One alias can stand for a megabyte, and a list of a thousand aliases for all of
// them: a server's YAML has none, and what a user's file stands for is counted first.
package boundedyaml

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"go.yaml.in/yaml/v3"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
)

// The bounds of a server's YAML. A kubeconfig with its CA and certificates has about 10 kB and 30 values; a config map or Secret has at
// most 1 MiB (core/v1, MaxSecretSize).
const (
	MaxSize  = 1 << 20 // in bytes
	MaxNodes = 5_000
)

// ErrDocuments means that a text is not exactly one document.
var ErrDocuments = errors.New("is not one YAML document")

// Unmarshal reads a server's YAML into a value, by the json tags of its type. Anchors and aliases are refused, whatever they stand
// for. The error is a *bounded.Error, ErrDocuments, ErrKeys, or one of the
// parser, which may repeat the text.
func Unmarshal(text []byte, into any) error {
	if len(text) > MaxSize {
		return &bounded.Error{Reason: "is larger than 1 MiB"}
	}
	if indicators(text) > MaxNodes {
		return &bounded.Error{Reason: "has more than 5000 values"}
	}
	root, err := one(text)
	if err != nil {
		return err
	}
	if err := plain(root, 0); err != nil {
		return err
	}
	var value any
	if err := root.Decode(&value); err != nil {
		return err
	}
	if text, err = json.Marshal(value); err != nil {
		return err
	}
	return bounded.JSON(text, into)
}

// indicators counts the characters that begin nodes, comments, tags and directives (YAML 1.2, section 5.3). A text has at most two nodes
// for each, and two more.
func indicators(text []byte) (n int) {
	for _, c := range text {
		switch c {
		case '-', '?', ':', ',', '[', '{', '#', '&', '*', '!', '%':
			n++
		}
	}
	return n
}

// one parses the only document of a text. Aliases are not followed.
func one(text []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var root yaml.Node
	switch err := decoder.Decode(&root); {
	case errors.Is(err, io.EOF):
		return nil, ErrDocuments
	case err != nil:
		return nil, err
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, ErrDocuments
	}
	return &root, nil
}

// ErrKeys means that a mapping has a key twice, or one that is not a scalar. The parser would refuse that too, in a time that grows with
// the square of the keys, and with a sentence for each pair.
var ErrKeys = errors.New("has a mapping whose keys are not different texts")

// plain returns an error if a node is or has an alias, is too deep, or is a mapping with odd keys.
func plain(n *yaml.Node, depth int) error {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		return &bounded.Error{Reason: "has YAML anchors or aliases"}
	case depth > bounded.MaxDepth:
		return &bounded.Error{Reason: "is nested deeper than 64 levels"}
	}
	keys := map[string]bool{} // Only of a mapping.
	for i, child := range n.Content {
		if err := plain(child, depth+1); err != nil {
			return err
		}
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			if child.Kind != yaml.ScalarNode || keys[child.Value] {
				return ErrKeys
			}
			keys[child.Value] = true
		}
	}
	return nil
}
