// Package duration writes and reads lengths of time as people do: 1h and not 1h0m0s.
package duration

import (
	"fmt"
	"strings"
	"time"
)

// Text returns d as time.Duration.String does, without parts that are zero: 1h, 10m, 1m30s, 500ms, 0s.
func Text(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Parse reads a length of time with its unit, as time.ParseDuration does. The error says what to write.
func Parse(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	switch {
	case err == nil:
		return d, nil
	case s != "" && strings.Trim(s, "0123456789") == "":
		return 0, fmt.Errorf("which unit? Write %sm for minutes, or %ss for seconds", s, s)
	}
	return 0, fmt.Errorf("want a time with its unit, such as 10m or 1h30m")
}

// Flag is a flag's value for package pflag.
type Flag time.Duration

// String implements pflag.Value, with Set and Type. Zero is empty, so that the help has no "(default 0s)".
func (f *Flag) String() string {
	if *f == 0 {
		return ""
	}
	return Text(time.Duration(*f))
}

// Set reads s (see Parse).
func (f *Flag) Set(s string) error {
	d, err := Parse(s)
	if err == nil {
		*f = Flag(d)
	}
	return err
}

// Type returns the name of the value in the help text.
func (f *Flag) Type() string { return "duration" }
