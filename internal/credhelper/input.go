package credhelper

import (
	"fmt"
	"io"
)

const (
	// maxInput bounds what a client writes to a command, in bytes. The library takes lines of 64 KiB, and any number of them.
	maxInput = 128 << 10
	// maxOutput bounds what another helper prints, in bytes: a list of all that it has stored.
	maxOutput = 4 << 20
)

// bounded reads from a client, and fails beyond a number of bytes.
type bounded struct {
	from io.Reader
	left int
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.from.Read(p[:min(len(p), b.left+1)])
	if b.left -= n; b.left < 0 {
		b.left = 0
		return 0, fmt.Errorf("standard input is larger than %d KiB", maxInput>>10)
	}
	return n, err
}

// limited holds what a program prints, and fails beyond maxOutput: then it calls over, which ends the program.
type limited struct {
	text []byte
	over func() error
}

// Write implements io.Writer.
func (l *limited) Write(p []byte) (int, error) {
	if len(l.text)+len(p) > maxOutput {
		_ = l.over()
		return 0, fmt.Errorf("it prints more than %d MiB", maxOutput>>20)
	}
	l.text = append(l.text, p...)
	return len(p), nil
}
