package mask

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// byteOrderMark may begin a file; the parser does not count it as a column.
const byteOrderMark = "\uFEFF"

// scalar is a scalar that is not empty, and where in the text it is.
type scalar struct {
	node     *yaml.Node
	identity     // where it is in the document
	start    int // index of its first byte: the quote, or the | of a block scalar
	body     int // index of the content: of the line after the header of a block scalar, else start
	end      int // index after its last byte
}

// place is a hash of the names that lead to a node. The names themselves may be long and many: each node would have a copy of them.
type place [sha256.Size]byte

func (p place) child(name string) place { return sha256.Sum256(append(p[:], name...)) }

// identity finds a scalar again in another version of the file.
type identity struct {
	place place
	times int // how many scalars had this place before, and itself: the keys of a mapping share one
}

// parse reads all documents of a text, each of them a mapping or empty.
func parse(text []byte) ([]*yaml.Node, error) {
	breaks := strings.ReplaceAll(string(text), "\r\n", "\n")
	if !utf8.Valid(text) || strings.ContainsAny(breaks, "\r\u0085\u2028\u2029") { // YAML counts these as lines, we do not.
		return nil, ErrUnsafe
	}
	var documents []*yaml.Node
	for decoder := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var document yaml.Node
		err := decoder.Decode(&document)
		switch {
		case errors.Is(err, io.EOF):
			return documents, nil
		case err != nil: // The error may repeat what it did not understand.
			return nil, ErrUnsafe
		}
		top := document.Content[0]
		if top.Kind != yaml.MappingNode && top.ShortTag() != "!!null" {
			return nil, ErrUnsafe
		}
		documents = append(documents, top)
	}
}

// locate finds every scalar in the text. The parser says where each begins; where it ends follows from how it is written.
func locate(text []byte, documents []*yaml.Node) ([]scalar, error) {
	l := &locator{cursor: cursor{text: text, line: 1, column: 1}, times: map[place]int{}}
	if bytes.HasPrefix(text, []byte(byteOrderMark)) {
		l.at = len(byteOrderMark)
	}
	for i, document := range documents {
		if err := l.visit(document, place{}.child(strconv.Itoa(i))); err != nil {
			return nil, err
		}
	}
	return l.scalars, nil
}

type locator struct {
	cursor
	scalars []scalar
	times   map[place]int // how many scalars a place has
}

func (l *locator) visit(n *yaml.Node, at place) error {
	switch n.Kind {
	case yaml.ScalarNode:
		if empty(n) {
			return nil
		}
		return l.add(n, at)
	case yaml.SequenceNode:
		for i, item := range n.Content {
			if err := l.visit(item, at.child(itemName(item, i))); err != nil {
				return err
			}
		}
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			if err := l.visit(key, at.child("key")); err != nil {
				return err
			}
			if err := l.visit(value, at.child(nameOf(key))); err != nil {
				return err
			}
		}
	}
	return nil
}

// empty reports whether nothing is written where the parser has a scalar, as after "token:".
func empty(n *yaml.Node) bool { return n.Value == "" && n.Style&^yaml.TaggedStyle == 0 }

// itemName tells the items of a list apart: by the name that the entries of a kubeconfig have, else by number.
func itemName(item *yaml.Node, i int) string {
	if item.Kind == yaml.MappingNode {
		for j := 0; j < len(item.Content); j += 2 {
			if nameOf(item.Content[j]) == "name" {
				return nameOf(item.Content[j+1])
			}
		}
	}
	return "#" + strconv.Itoa(i)
}

// nameOf is the text of a scalar or of what an alias stands for.
func nameOf(n *yaml.Node) string {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n.Value
}

func (l *locator) add(n *yaml.Node, at place) error {
	if err := l.seek(n.Line, n.Column); err != nil {
		return err
	}
	found := scalar{node: n, start: skipProperties(l.text, l.at)}
	if !found.measure(l.text) || len(l.scalars) > 0 && found.start < l.scalars[len(l.scalars)-1].end {
		return ErrUnsafe
	}
	l.times[at]++
	found.identity = identity{at, l.times[at]}
	l.scalars = append(l.scalars, found)
	return nil
}

// cursor walks over a text once, since the parser gives positions by line and column.
type cursor struct {
	text             []byte
	at, line, column int // line and column count from 1; a column is a character
}

// seek goes forward to a position.
func (c *cursor) seek(line, column int) error {
	for c.line < line || c.line == line && c.column < column {
		r, size := utf8.DecodeRune(c.text[c.at:])
		if size == 0 {
			return ErrUnsafe
		}
		c.at += size
		c.column++
		if r == '\n' {
			c.line, c.column = c.line+1, 1
		}
	}
	if c.line != line || c.column != column {
		return ErrUnsafe
	}
	return nil
}
