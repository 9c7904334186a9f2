package redact

import (
	"encoding/json"
	"fmt"
	"log/slog"
)

// JSON is a JSON value with secrets in it. Marshalled it is itself; printed it is a placeholder.
type JSON []byte

// MarshalJSON returns the value itself: a file is where it belongs.
func (j JSON) MarshalJSON() ([]byte, error) {
	if j == nil {
		return []byte("null"), nil
	}
	return j, nil
}

// UnmarshalJSON keeps the value as it is.
func (j *JSON) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*j = nil
		return nil
	}
	*j = append((*j)[:0], text...)
	return nil
}

// Format writes the placeholder for every verb.
func (JSON) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(Placeholder)) }

// LogValue keeps the value out of structured logs.
func (JSON) LogValue() slog.Value { return slog.StringValue(Placeholder) }

// Stored is a secret inside of a JSON value: marshalled it is itself; printed it is a placeholder.
type Stored struct{ Secret }

// MarshalJSON writes the secret in full.
func (s Stored) MarshalJSON() ([]byte, error) { return json.Marshal(s.Reveal()) }

// UnmarshalJSON reads it back.
func (s *Stored) UnmarshalJSON(text []byte) error {
	var v string
	err := json.Unmarshal(text, &v)
	s.Secret = Secret(v)
	return err
}
