package bounded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Kinds are what a file that a user names may be.
type Kinds int

// The kinds. Devices, directories and sockets never are.
const (
	// Regular is a file that can be read again.
	Regular Kinds = iota
	// RegularOrPipe is for what is read once: also the pipe of a shell's <(command), and a FIFO.
	RegularOrPipe
)

// File reads a file that a user names, at most limit bytes. It waits for the writer of a pipe, and for a file system that does not
// answer, until ctx ends: then the error is ctx.Err(). Other errors are those of package os, or name the file and say why it is not
// one.
func File(ctx context.Context, path string, limit int64, kinds Kinds) ([]byte, error) {
	type result struct {
		text []byte
		err  error
	}
	done := make(chan result, 1)
	go func() { // No system call can be interrupted; the process may end while it waits.
		text, err := read(path, limit, kinds)
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func read(path string, limit int64, kinds Kinds) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if err := kinds.check(path, info); err != nil { // Before it is opened: that may have an effect on a device.
		return nil, err
	}
	flags := os.O_RDONLY
	if kinds == Regular {
		flags |= nonblocking // It may have become a FIFO.
	}
	f, err := os.OpenFile(path, flags, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // It was only read.
	if info, err = f.Stat(); err != nil {
		return nil, err
	}
	if err := kinds.check(path, info); err != nil {
		return nil, err
	}
	known := info.Size()
	if !info.Mode().IsRegular() {
		known = -1
	}
	text, err := Read(f, known, limit)
	var larger *Error
	if errors.As(err, &larger) {
		return nil, fmt.Errorf("%s %w", path, larger)
	}
	return text, err
}

func (k Kinds) check(path string, info fs.FileInfo) error {
	mode := info.Mode()
	if mode.IsRegular() || k == RegularOrPipe && mode&fs.ModeNamedPipe != 0 {
		return nil
	}
	return fmt.Errorf("%s is not a regular file", path)
}
