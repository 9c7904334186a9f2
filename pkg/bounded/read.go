package bounded

import (
	"bytes"
	"io"
)

// Read reads up to the end of r, at most limit bytes. known is the length that the sender names, or less than 0. For a longer text the
// error is an *Error.
func Read(r io.Reader, known, limit int64) ([]byte, error) {
	if known > limit {
		return nil, tooLarge(limit)
	}
	var text bytes.Buffer // It doubles; io.ReadAll would allocate five times the size.
	if known > 0 {
		text.Grow(int(known) + bytes.MinRead)
	}
	_, err := text.ReadFrom(io.LimitReader(r, limit+1))
	if err == nil && int64(text.Len()) > limit {
		return nil, tooLarge(limit)
	}
	return text.Bytes(), err
}

func tooLarge(limit int64) error {
	if limit%(1<<20) == 0 {
		return exceeds("is larger than %d MiB", limit>>20)
	}
	return exceeds("is larger than %d KiB", limit>>10)
}
