// Package redact holds the type of passwords and tokens. Printed, logged or marshalled, such a value is a
// placeholder. Only Reveal returns the text, so that its few callers can be checked one by one.
package redact

import (
	"fmt"
	"log/slog"
)

// Placeholder stands for a secret wherever one would be shown.
const Placeholder = "[redacted]"

// Secret is a password or token.
type Secret string

// Reveal returns the text of the secret.
func (s Secret) Reveal() string { return string(s) }

// String returns the placeholder.
func (Secret) String() string { return Placeholder }

// GoString returns the placeholder for %#v.
func (Secret) GoString() string { return Placeholder }

// Format writes the placeholder for every verb: %s, %q and %x of a string type would print the text itself.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(Placeholder)) }

// MarshalText keeps the secret out of JSON, YAML and flag values.
func (Secret) MarshalText() ([]byte, error) { return []byte(Placeholder), nil }

// LogValue keeps the secret out of structured logs.
func (Secret) LogValue() slog.Value { return slog.StringValue(Placeholder) }
