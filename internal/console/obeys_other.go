//go:build !windows

package console

import "io"

// obeys reports whether a terminal obeys escape sequences.
func obeys(io.Writer) bool { return true }
