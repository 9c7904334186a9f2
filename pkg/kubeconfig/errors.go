package kubeconfig

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrInvalid is a file that kubectl or this package cannot read.
	ErrInvalid = errors.New("not a readable kubeconfig")
	// ErrUnsafe is an edit that cannot be made without touching something else.
	ErrUnsafe = errors.New("cannot be edited safely")
	// ErrVerify is an edited text that does not read back as exactly the planned change.
	ErrVerify = errors.New("the edit would change more than what was planned")
	// ErrLocked is a lock that somebody held for longer than we wait.
	ErrLocked = errors.New("locked")
	// ErrNotWritable is a file, or a directory of one, that this user or this mount cannot replace.
	ErrNotWritable = errors.New("not writable")
)

// FileError says what is wrong with a kubeconfig and what to do about it. Nothing was written to that file.
type FileError struct {
	Path    string // empty from Splice, which knows text only
	Line    int    // counted from 1; 0 when it is not about a line
	Entry   string // such as `user "alice"`; empty when it is not about one
	Problem string
	Remedy  string
	Err     error // one of the sentinels of this package, perhaps with a system error
}

// Error is one line: where, what, and what to do.
func (e *FileError) Error() string {
	var b strings.Builder
	b.WriteString(e.Path)
	if e.Path == "" {
		b.WriteString("kubeconfig")
	}
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	b.WriteString(": ")
	if e.Entry != "" {
		b.WriteString(e.Entry + ": ")
	}
	b.WriteString(e.Problem)
	if e.Remedy != "" {
		b.WriteString("; " + e.Remedy)
	}
	return b.String()
}

func (e *FileError) Unwrap() error { return e.Err }

// at names the file in an error of Splice.
func at(path string, err error) error {
	var f *FileError
	if errors.As(err, &f) && f.Path == "" {
		named := *f
		named.Path = path
		return &named
	}
	return err
}

func invalid(line int, problem, remedy string) error {
	return &FileError{Line: line, Problem: problem, Remedy: remedy, Err: ErrInvalid}
}

func unsafeEdit(line int, entry, problem, remedy string) error {
	return &FileError{Line: line, Entry: entry, Problem: problem, Remedy: remedy, Err: ErrUnsafe}
}
