package credfile

import (
	"encoding/json"
	"time"
)

// Object is a JSON object of the store, read member by member. For a struct, encoding/json prepares the type at each start of a program,
// which costs more than to read the file. An Object knows fewer spellings: a name must be written as we write it.
type Object struct {
	members map[string]json.RawMessage
	odd     bool
}

// ParseObject parses the text of an object. If the text is no object, the result has no members and is not Good.
func ParseObject(text []byte) *Object {
	o := &Object{}
	o.odd = json.Unmarshal(text, &o.members) != nil
	return o
}

// Good reports whether the text is that of an object, and each member that was asked for had the type that was asked for, or was missing.
func (o *Object) Good() bool { return !o.odd }

// Raw returns a member as it is written, or nil.
func (o *Object) Raw(name string) json.RawMessage { return o.members[name] }

// Text returns a member that is a string, or "".
func (o *Object) Text(name string) string { return member[string](o, name) }

// Number returns a member that is a whole number, or 0.
func (o *Object) Number(name string) int { return member[int](o, name) }

// Bool returns a member that is true or false, or false.
func (o *Object) Bool(name string) bool { return member[bool](o, name) }

// Time returns a member that is a time, or the zero time.
func (o *Object) Time(name string) time.Time { return member[time.Time](o, name) }

func member[T any](o *Object, name string) (value T) {
	if raw, found := o.members[name]; found && json.Unmarshal(raw, &value) != nil {
		o.odd = true
	}
	return value
}
