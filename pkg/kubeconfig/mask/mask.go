// Package mask shows the text of a kubeconfig without its secrets.
//
// It asks a YAML parser where the secrets are, replaces those bytes, and reads the result back: the result must be the
// same document with placeholders where the secrets were. Where that cannot be had, nothing is shown. Comments are
// secrets too, since a token that somebody commented out still works.
package mask

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The placeholders. In text that was in double quotes they are too, so that JSON stays JSON.
const (
	secretMark  = "[secret]"
	newMark     = "[new secret]"
	commentMark = "# [comment]"
)

// ErrUnsafe is a text whose secrets cannot be told apart from the rest for certain.
var ErrUnsafe = errors.New("its secrets cannot be told apart from the rest")

// Text returns a kubeconfig with "[secret]" for each secret and "# [comment]" for each comment; every other byte is as
// it was. The text may be YAML or JSON and hold several documents; an empty one is returned as it is. For any other
// text the error is ErrUnsafe, which repeats nothing of it.
func Text(text []byte) ([]byte, error) {
	t, err := read(text)
	if err != nil {
		return nil, err
	}
	return t.masked(func(scalar) string { return secretMark })
}

// Pair masks a kubeconfig as it is and as it is to become, so that the two can be compared. A secret of newText that
// oldText does not have at the same place, written in the same way, is "[new secret]": the line differs, and no byte of
// either secret shows. Errors are as with Text.
func Pair(oldText, newText []byte) (maskedOld, maskedNew []byte, err error) {
	before, err := read(oldText)
	if err != nil {
		return nil, nil, err
	}
	after, err := read(newText)
	if err != nil {
		return nil, nil, err
	}
	if maskedOld, err = before.masked(func(scalar) string { return secretMark }); err != nil {
		return nil, nil, err
	}
	known := before.secrets()
	maskedNew, err = after.masked(func(s scalar) string {
		if known[s.identity] == after.raw(s) {
			return secretMark
		}
		return newMark
	})
	if err != nil {
		return nil, nil, err
	}
	return maskedOld, maskedNew, nil
}

// source is a text that was read: its documents, its scalars in their order, and which of them are secret.
type source struct {
	text      []byte
	documents []*yaml.Node
	scalars   []scalar
	secret    map[*yaml.Node]bool
}

func read(text []byte) (*source, error) {
	documents, err := parse(text)
	if err != nil {
		return nil, err
	}
	scalars, err := locate(text, documents)
	if err != nil {
		return nil, err
	}
	secret, err := findSecrets(documents)
	if err != nil {
		return nil, err
	}
	return &source{text, documents, scalars, secret}, nil
}

func (t *source) raw(s scalar) string { return string(t.text[s.start:s.end]) }

// secrets are the secrets as they are written, by their places.
func (t *source) secrets() map[identity]string {
	all := map[identity]string{}
	for _, s := range t.scalars {
		if t.secret[s.node] {
			all[s.identity] = t.raw(s)
		}
	}
	return all
}

// masked writes the text with marks for secrets and comments, and checks the result.
func (t *source) masked(mark func(scalar) string) ([]byte, error) {
	var out bytes.Buffer
	next := 0
	for _, s := range t.scalars {
		from := s.body // The header of a block scalar may end in a comment.
		if t.secret[s.node] {
			from = s.start
		}
		writeGap(&out, t.text[next:from])
		switch {
		case !t.secret[s.node]:
			out.Write(t.text[from:s.end])
		case s.node.Style&yaml.DoubleQuotedStyle != 0:
			fmt.Fprintf(&out, "%q", mark(s))
		default:
			out.WriteString(mark(s))
		}
		next = s.end
	}
	writeGap(&out, t.text[next:])
	if err := t.check(out.Bytes()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// writeGap writes what is between scalars. A # there begins a comment, which ends with its line.
func writeGap(out *bytes.Buffer, gap []byte) {
	for line := range strings.Lines(string(gap)) {
		body := strings.TrimRight(line, "\r\n")
		if i := strings.IndexByte(body, '#'); i >= 0 {
			line = body[:i] + commentMark + line[len(body):]
		}
		out.WriteString(line)
	}
}

// check reads the masked text: it must be the same documents, with a mark for each secret.
func (t *source) check(masked []byte) error {
	got, err := parse(masked)
	if err != nil || len(got) != len(t.documents) {
		return ErrUnsafe
	}
	for i, document := range t.documents {
		if !t.same(document, got[i]) {
			return ErrUnsafe
		}
	}
	return nil
}

func (t *source) same(was, is *yaml.Node) bool {
	if was.Anchor != is.Anchor {
		return false
	}
	if t.secret[was] {
		return isMark(is)
	}
	if was.Kind != is.Kind || was.Tag != is.Tag || was.Value != is.Value || was.Style != is.Style || len(was.Content) != len(is.Content) {
		return false
	}
	for i := range was.Content {
		if !t.same(was.Content[i], is.Content[i]) {
			return false
		}
	}
	return true
}

// isMark reports whether a node is what a placeholder is read as: in brackets, it is a list.
func isMark(n *yaml.Node) bool {
	value := n.Value
	if n.Kind == yaml.SequenceNode && len(n.Content) == 1 {
		value = "[" + n.Content[0].Value + "]"
	}
	return value == secretMark || value == newMark
}
