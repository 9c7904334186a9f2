// Package splice edits the text of one kubeconfig and touches nothing else in it: comments, order, unknown keys, quotes
// and line ends stay as they are, to the byte. A YAML parser is asked where things are, and never to write the file. It
// knows text only: no files, no network.
package splice

import (
	"bytes"
	"cmp"
	"errors"
	"sync"

	"k8s.io/client-go/tools/clientcmd/api"
)

// Document is the text of a kubeconfig, and what it means.
type Document struct {
	text   []byte
	config *api.Config
	layout *layout // where things are in text, for one edit; nil: to be found
}

// ErrUTF16 means that a text is UTF-16, as the > of Windows PowerShell writes it. kubectl reads that, if it begins with a byte order mark;
// an edit looks for bytes, which are others there.
var ErrUTF16 = errors.New("it is UTF-16 text, as > of Windows PowerShell writes it, not UTF-8")

// Read reads a kubeconfig as kubectl does; no text is an empty one. A text that kubectl cannot read, or that cannot be
// edited safely, is an error of one line that repeats no value of the text; ErrUTF16 is one of them.
func Read(text []byte) (*Document, error) {
	if utf16(text) {
		return nil, ErrUTF16
	}
	if err := check(text); err != nil {
		return nil, err
	}
	d := &Document{text: text}
	var decodeErr, parseErr error
	both(text, func() { d.config, decodeErr = decode(text) }, func() { d.layout, parseErr = parse(text) })
	if err := cmp.Or(decodeErr, parseErr); err != nil {
		return nil, err
	}
	return d, nil
}

// together is how long a text may be, in bytes, of which two things are made at once: each takes twenty times its length of memory.
const together = 4 << 20

// both calls two functions that make something of a text, which may take as long as kubectl takes to read it.
func both(text []byte, one, two func()) {
	if len(text) > together {
		one()
		two()
		return
	}
	var other sync.WaitGroup
	other.Go(two)
	one()
	other.Wait()
}

// utf16 reports whether a text is UTF-16 of either byte order: it begins with a byte order mark, or with one character of ASCII.
func utf16(text []byte) bool {
	return bytes.HasPrefix(text, []byte{0xff, 0xfe}) || bytes.HasPrefix(text, []byte{0xfe, 0xff}) ||
		len(text) > 1 && (text[0] == 0) != (text[1] == 0)
}

// Again returns the document for other edits.
func (d *Document) Again() *Document { return &Document{text: d.text, config: d.config} }

// Text is the text as it is now. It must not be changed.
func (d *Document) Text() []byte { return d.text }

// Config is what the text means. It must not be changed.
func (d *Document) Config() *api.Config { return d.config }

// Has reports whether a section has an entry of a name.
func (d *Document) Has(s Section, name string) bool {
	switch s {
	case clusters:
		return d.config.Clusters[name] != nil
	case contexts:
		return d.config.Contexts[name] != nil
	default:
		return d.config.AuthInfos[name] != nil
	}
}

// Edit makes a change in the text. Entries in block style are replaced, appended and deleted as lines, in the file's own
// indentation and line ends. Flow style, JSON included, cannot be edited so: then the section, or the file when all of
// it is in flow style, is written anew, and rewritten is true. The result is read back: if it is anything but exactly
// the change, that is an error, and the text stays as it was.
func (d *Document) Edit(c Change) (rewritten bool, err error) {
	if c.Empty() {
		return false, nil
	}
	l, err := d.take()
	if err != nil {
		return false, err
	}
	text, rewritten, err := l.edit(c)
	if err != nil {
		return false, err
	}
	config, err := verify(d.config, text, c)
	if err != nil {
		return false, err
	}
	d.text, d.config = text, config
	return rewritten, nil
}

// take gives the layout for one edit, which spends it. That of the text as it was read is there already: to parse a
// large file takes as long as kubectl takes to read it.
func (d *Document) take() (*layout, error) {
	l := d.layout
	d.layout = nil
	if l == nil {
		return parse(d.text)
	}
	return l, nil
}

// edit makes the new text, by lines or anew.
func (d *layout) edit(c Change) (out []byte, rewritten bool, err error) {
	if d.flow() {
		out, err = d.rewriteFlow(c)
		return out, true, err
	}
	return d.splice(c)
}

// Text is a kubeconfig that holds the change and nothing else.
func (c Change) Text() ([]byte, error) {
	d, err := Read(nil)
	if err != nil {
		return nil, err
	}
	_, err = d.Edit(c)
	return d.text, err
}
