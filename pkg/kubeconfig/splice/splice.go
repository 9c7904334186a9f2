package splice

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/order"
)

// patch replaces the lines start to end (exclusive) by text.
type patch struct {
	start, end int
	text       string
}

// splice makes the new text line by line. rewritten is as with Document.Edit.
func (d *layout) splice(c Change) (out []byte, rewritten bool, err error) {
	s := &splicer{layout: d, edits: map[Section][]edit{}}
	for _, e := range c.edits() {
		s.edits[e.section] = append(s.edits[e.section], e)
	}
	if d.root == nil {
		s.header()
	}
	for _, name := range sections {
		if len(s.edits[name]) > 0 {
			if err := s.section(name); err != nil {
				return nil, false, err
			}
		}
	}
	if c.CurrentContext != nil {
		if err := s.currentContext(*c.CurrentContext); err != nil {
			return nil, false, err
		}
	}
	return []byte(s.apply()), s.rewritten, nil
}

// splicer collects the patches of one file.
type splicer struct {
	*layout
	edits     map[Section][]edit
	patches   []patch
	tail      strings.Builder // new top-level fields
	rewritten bool
}

// header begins a file that has no content yet.
func (s *splicer) header() {
	s.tail.WriteString("apiVersion: v1" + s.eol + "kind: Config" + s.eol)
}

// section patches one of the lists.
func (s *splicer) section(name Section) error {
	l, err := s.list(name)
	if err != nil {
		return err
	}
	switch {
	case l.key == nil:
		s.addSection(name)
		return nil
	case l.flow():
		return s.rewriteSection(name, l)
	case !l.block():
		return s.fillSection(name, l)
	}
	return s.patchItems(name, l)
}

// patchItems replaces, deletes and appends entries of a block list.
func (s *splicer) patchItems(name Section, l list) error {
	at := map[string]item{}
	for _, i := range l.items {
		at[i.name] = i
	}
	gone := 0
	var added []edit
	for _, e := range s.edits[name] {
		i, exists := at[e.name]
		switch {
		case e.value == nil && exists:
			gone++
			s.patches = append(s.patches, patch{i.start, i.end, ""})
		case e.value == nil:
		case exists:
			s.patches = append(s.patches, patch{i.start, i.end, s.items(l.indent, e)})
		default:
			added = append(added, e)
		}
	}
	if gone == len(l.items) && len(added) == 0 {
		return s.emptySection(name, l)
	}
	if len(added) > 0 {
		at := s.appendAt(l)
		s.patches = append(s.patches, patch{at, at, s.items(l.indent, added...)})
	}
	return nil
}

// appendAt is the index of the line before which new items go: below the last item, or above it if nothing can follow it.
func (s *splicer) appendAt(l list) int {
	last := len(l.items) - 1
	switch {
	case !s.open || l.items[last].end < len(s.lines):
		return l.items[last].end
	case last > 0:
		return l.items[last-1].end
	}
	return s.trimBlank(l.key.Line-1, l.items[0].start)
}

// tailAt is the index of the line before which new fields go: below the last field, or above it if nothing can follow it.
func (s *splicer) tailAt() int {
	if !s.open {
		return s.end()
	}
	keys := s.root.Content
	last := keys[len(keys)-2]
	if len(keys) > 2 {
		return s.trimBlank(keys[len(keys)-4].Line-1, last.Line-1)
	}
	return last.Line - 1
}

// emptySection writes an empty list after the last entry was deleted: a key without a value would mean null.
func (s *splicer) emptySection(name Section, l list) error {
	return s.setInline(l.key, string(name), "[]")
}

// fillSection gives entries to a section that has none (`clusters: []`, `clusters: null`, `clusters:`).
func (s *splicer) fillSection(name Section, l list) error {
	items := s.newItems(name)
	if items == "" {
		return nil
	}
	if err := s.setInline(l.key, string(name), ""); err != nil {
		return err
	}
	line := l.key.Line
	s.patches = append(s.patches, patch{line, line, items})
	s.dropValue(l.key, l.value)
	return nil
}

// dropValue deletes the lines below a key's own that its value is on. Comments above the value stay.
func (s *splicer) dropValue(key, value *yaml.Node) {
	first := max(key.Line, value.Line-1)
	if end := s.trimBlank(key.Line-1, s.fieldEnd(key)); end > first {
		s.patches = append(s.patches, patch{first, end, ""})
	}
}

// addSection writes a section that is missing, if it gets entries.
func (s *splicer) addSection(name Section) {
	if items := s.newItems(name); items != "" {
		s.tail.WriteString(s.rootIndent() + string(name) + ":" + s.eol + items)
	}
}

// newItems are the entries that a section without any gets.
func (s *splicer) newItems(name Section) string {
	set := slices.DeleteFunc(slices.Clone(s.edits[name]), func(e edit) bool { return e.value == nil })
	return s.items(s.itemIndent(), set...)
}

// currentContext sets the field. It is one line in every file that a program wrote.
func (s *splicer) currentContext(name string) error {
	key, old := s.field("current-context")
	value, err := scalar(name)
	if err != nil {
		return err
	}
	if key == nil {
		s.tail.WriteString(s.rootIndent() + "current-context: " + value + s.eol)
		return nil
	}
	if err := s.setInline(key, "current-context", value); err != nil {
		return err
	}
	s.dropValue(key, old) // A quoted or folded value may continue on the next lines.
	return nil
}

// setInline replaces the value on the line of a top-level key, and keeps a comment there.
func (s *splicer) setInline(key *yaml.Node, name, value string) error {
	i := key.Line - 1
	line := s.lines[i]
	body := strings.TrimRight(line, "\r\n")
	end := line[len(body):]
	if end == "" {
		end = s.eol // The last line of a file; apply removes it again.
	}
	colon := strings.IndexByte(body, ':')
	if colon < 0 || strings.Trim(body[:colon], ` "'`) != name {
		return fmt.Errorf("line %d: %s is written in a way that cannot be edited safely", key.Line, name)
	}
	text := body[:colon+1]
	if value != "" {
		text += " " + value
	}
	s.patches = append(s.patches, patch{i, i + 1, text + commentOf(body[colon+1:]) + end})
	return nil
}

// commentOf is the comment at the end of a line's value, with the space before it.
func commentOf(rest string) string {
	var quote byte
	for i := range len(rest) {
		switch c := rest[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && strings.TrimSpace(rest[:i]) == "":
			quote = c
		case c == '#' && (i == 0 || rest[i-1] == ' ' || rest[i-1] == '\t'):
			return rest[len(strings.TrimRight(rest[:i], " \t")):]
		}
	}
	return ""
}

// apply joins the lines and the patches. A file that did not end in a line end still does not, unless its new last line belongs to a block
// scalar, whose line end is content.
func (s *splicer) apply() string {
	if s.tail.Len() > 0 {
		end := s.tailAt()
		s.patches = append(s.patches, patch{end, end, s.tail.String()})
	}
	// An insertion before a line goes before the replacement of that line.
	order.By(s.patches, func(a, b patch) int { return cmp.Or(a.start-b.start, a.end-b.end) })
	var b strings.Builder
	b.WriteString(s.bom)
	unended := len(s.lines) > 0 && !strings.HasSuffix(s.lines[len(s.lines)-1], "\n")
	next, last := 0, -1 // last is the index of the line that the text ends in, if it is an old one.
	for _, p := range s.patches {
		last = s.copyLines(&b, last, next, p.start)
		if p.text != "" {
			b.WriteString(p.text)
			last = -1
		}
		next = max(next, p.end)
	}
	last = s.copyLines(&b, last, next, len(s.lines))
	text := b.String()
	if in := s.scalar[last]; unended && (last == len(s.lines)-1 || in == nil || in.strip) {
		text = strings.TrimSuffix(text, s.eol)
	}
	return text
}

// copyLines copies lines and returns the last one's index; last is that of the old line above them, or -1. The last line of the file gets
// a line end, which apply removes again. Where lines were deleted below a block scalar, what follows must not become its content: a blank
// line goes, and a comment moves to the left.
func (s *splicer) copyLines(b *strings.Builder, last, from, to int) int {
	var above *block
	if from > last+1 {
		above = s.scalar[last]
	}
	for i := from; i < to; i++ {
		line := s.lines[i]
		if above.takes(line) {
			if empty(line) {
				continue
			}
			line = strings.TrimLeft(line, " ")
		}
		if !empty(line) {
			above = nil
		}
		b.WriteString(line)
		if !strings.HasSuffix(line, "\n") {
			b.WriteString(s.eol)
		}
		last = i
	}
	return last
}

var errNotPlanned = errors.New("the edited text would differ in more than the planned change; nothing was written")
