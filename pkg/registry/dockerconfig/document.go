package dockerconfig

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
)

// Why a document is refused.
var (
	errNotJSON   = errors.New("it is not JSON")
	errNotObject = errors.New("it is not a JSON object")
	errTwice     = errors.New("it has " + section + " twice")
	errSection   = errors.New("its " + section + " is not an object of strings")
	errVerify    = errors.New("the edit would change more than it should; please report this bug")
)

// section is the one part of config.json that is edited.
const section = "credHelpers"

// document is the text of a config.json with the positions of what is edited.
type document struct {
	text    []byte
	top     object
	helpers *member // the section, if it is there
	entries object  // of the section, when that is an object
}

// object is a JSON object in the text: start is the index of its {, end the index after its }.
type object struct {
	start, end int
	members    []member
}

// member is a name and its value in an object, with their indexes in the text; ends are exclusive.
type member struct {
	name                                     string
	nameStart, nameEnd, valueStart, valueEnd int
}

// parse finds the positions. Docker reads an empty file as an empty object, and so do we.
func parse(text []byte) (*document, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		text = []byte("{}\n")
	}
	d := &document{text: text}
	if err := bounded.CheckJSON(text); err != nil {
		return nil, fmt.Errorf("it %w", err)
	}
	if !json.Valid(text) {
		return nil, errNotJSON
	}
	var err error
	if d.top, err = parseObject(text, 0, len(text)); err != nil {
		return nil, err
	}
	for i, m := range d.top.members {
		if m.name != section {
			if strings.EqualFold(m.name, section) {
				return nil, fmt.Errorf("it spells %s as %q, which is the same for docker; rename that", section, m.name)
			}
			continue
		}
		if d.helpers != nil {
			return nil, errTwice
		}
		d.helpers = &d.top.members[i]
	}
	if d.helpers == nil || d.isNull() {
		return d, nil
	}
	if d.entries, err = parseObject(text, d.helpers.valueStart, d.helpers.valueEnd); err != nil {
		return nil, errSection
	}
	seen := map[string]bool{}
	for _, m := range d.entries.members {
		var s string
		if json.Unmarshal(text[m.valueStart:m.valueEnd], &s) != nil {
			return nil, errSection
		}
		if seen[m.name] {
			return nil, fmt.Errorf("its %s has %q twice", section, m.name)
		}
		seen[m.name] = true
	}
	return d, nil
}

func (d *document) isNull() bool {
	return string(d.text[d.helpers.valueStart:d.helpers.valueEnd]) == "null"
}

// parseObject finds the members of the object in text[from:to], which is valid JSON.
func parseObject(text []byte, from, to int) (object, error) {
	from += len(text[from:to]) - len(bytes.TrimLeft(text[from:to], " \t\r\n"))
	if text[from] != '{' {
		return object{}, errNotObject
	}
	dec := json.NewDecoder(bytes.NewReader(text[from:to]))
	if _, err := dec.Token(); err != nil {
		return object{}, errNotJSON
	}
	o := object{start: from}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return o, errNotJSON
		}
		m := member{name: fmt.Sprint(name), nameEnd: from + int(dec.InputOffset())}
		m.nameStart = stringStart(text, m.nameEnd)
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return o, errNotJSON
		}
		m.valueEnd = from + int(dec.InputOffset())
		m.valueStart = m.valueEnd - len(value)
		o.members = append(o.members, m)
	}
	if _, err := dec.Token(); err != nil {
		return o, errNotJSON
	}
	o.end = from + int(dec.InputOffset())
	return o, nil
}

// stringStart is the index at which the JSON string that ends before end begins: the last quote before its closing one that
// no backslash escapes.
func stringStart(text []byte, end int) int {
	for i := end - 2; i > 0; i-- {
		if text[i] != '"' {
			continue
		}
		slashes := 0
		for j := i - 1; j >= 0 && text[j] == '\\'; j-- {
			slashes++
		}
		if slashes%2 == 0 {
			return i
		}
	}
	return 0
}

// all are the entries: host to helper.
func (d *document) all() map[string]string {
	all := map[string]string{}
	for _, m := range d.entries.members {
		var s string
		_ = json.Unmarshal(d.text[m.valueStart:m.valueEnd], &s) // It was parsed.
		all[m.name] = s
	}
	return all
}

// set returns the text with helper for host.
func (d *document) set(host, helper string) []byte {
	entry, value := quote(host), quote(helper)
	for _, m := range d.entries.members {
		if m.name == host {
			return splice(d.text, m.valueStart, m.valueEnd, value)
		}
	}
	colon := d.colon()
	switch {
	case d.helpers == nil:
		return d.insert(d.top, quote(section)+colon+d.oneMember(entry+colon+value), 1)
	case len(d.entries.members) == 0:
		return splice(d.text, d.helpers.valueStart, d.helpers.valueEnd, d.oneMember(entry+colon+value))
	}
	return d.insert(d.entries, entry+colon+value, 2)
}

// insert adds a member after the last one of an object, in the layout of the others.
func (d *document) insert(o object, member string, depth int) []byte {
	if len(o.members) == 0 {
		return splice(d.text, o.start, o.end, "{"+d.line(depth)+member+d.line(depth-1)+"}")
	}
	first, last := o.members[0], o.members[len(o.members)-1]
	separator := "," + string(d.text[o.start+1:first.nameStart])
	if len(o.members) > 1 {
		separator = string(d.text[o.members[len(o.members)-2].valueEnd:last.nameStart])
	} else if !strings.Contains(separator, "\n") && strings.HasSuffix(d.colon(), " ") {
		separator = ", "
	}
	return splice(d.text, last.valueEnd, last.valueEnd, separator+member)
}

// oneMember is an object with one member, in the layout of the document.
func (d *document) oneMember(member string) string {
	return "{" + d.line(2) + member + d.line(1) + "}"
}

// line is a line break with the indentation for a depth. It is empty in a document of one line. A document without members
// gets docker's layout.
func (d *document) line(depth int) string {
	if len(d.top.members) == 0 {
		return "\n" + strings.Repeat("\t", depth)
	}
	before := string(d.text[d.top.start+1 : d.top.members[0].nameStart])
	newline, indent, found := strings.Cut(before, "\n")
	if !found {
		return ""
	}
	if i := strings.LastIndex(indent, "\n"); i >= 0 {
		indent = indent[i+1:]
	}
	if strings.HasSuffix(newline, "\r") {
		return "\r\n" + strings.Repeat(indent, depth)
	}
	return "\n" + strings.Repeat(indent, depth)
}

// colon is the colon between a name and its value, with the spaces around it.
func (d *document) colon() string {
	if len(d.top.members) == 0 {
		return ": "
	}
	m := d.top.members[0]
	colon := string(d.text[m.nameEnd:m.valueStart])
	if strings.ContainsAny(colon, "\r\n") {
		return ": "
	}
	return colon
}

// remove returns the text without the entry of host. The section goes with its last entry.
func (d *document) remove(host string) []byte {
	i := slices.IndexFunc(d.entries.members, func(m member) bool { return m.name == host })
	switch {
	case i < 0:
		return d.text
	case len(d.entries.members) > 1:
		return cut(d.text, d.entries, i)
	}
	return cut(d.text, d.top, slices.IndexFunc(d.top.members, func(m member) bool { return m.name == section }))
}

// cut removes a member from an object, with the comma on one side of it.
func cut(text []byte, o object, i int) []byte {
	switch {
	case len(o.members) == 1:
		return splice(text, o.start, o.end, "{}")
	case i == 0:
		return splice(text, o.members[0].nameStart, o.members[1].nameStart, "")
	}
	return splice(text, o.members[i-1].valueEnd, o.members[i].valueEnd, "")
}

func splice(text []byte, from, to int, by string) []byte {
	return slices.Concat(text[:from], []byte(by), text[to:])
}

// quote is s as a JSON string. Hosts and helpers hold no character that json.Marshal escapes for HTML.
func quote(s string) string {
	text, _ := json.Marshal(s) // A string always marshals.
	return string(text)
}

// verify returns errVerify unless an edited text differs from the old one in the entries only, and those are as wanted.
func verify(old, edited []byte, wanted map[string]string) error {
	before, after := map[string]any{}, map[string]any{}
	if len(bytes.TrimSpace(old)) > 0 {
		if err := decode(old, &before); err != nil {
			return err
		}
	}
	if err := decode(edited, &after); err != nil {
		return err
	}
	got, _ := after[section].(map[string]any)
	entries := map[string]string{}
	for host, helper := range got {
		entries[host], _ = helper.(string)
	}
	delete(before, section)
	delete(after, section)
	if !reflect.DeepEqual(before, after) || len(entries) != len(wanted) || len(wanted) > 0 && !reflect.DeepEqual(entries, wanted) {
		return errVerify
	}
	return nil
}

func decode(text []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	return dec.Decode(into)
}
