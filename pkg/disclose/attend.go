package disclose

import "context"

type attendedKey struct{}

// Attended returns a context in which a person is there: one at the terminal who knows that the server is not verified, or who said so by
// the command's own flag.
func Attended(ctx context.Context) context.Context {
	return context.WithValue(ctx, attendedKey{}, true)
}

// IsAttended reports whether a context is one of Attended.
func IsAttended(ctx context.Context) bool { return ctx.Value(attendedKey{}) != nil }
