// Package privatefile writes a secret where the user asked: to a new file that only the user can read, or to standard output.
package privatefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/atomicfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

// Output is where a secret goes: the path of a file, or Stdout.
type Output string

// Stdout is standard output.
const Stdout Output = "-"

// Words names the output in a question.
func (o Output) Words() string {
	if o == Stdout {
		return "standard output"
	}
	return string(o)
}

// Check returns an error if the file must not be written. A link is never followed: it may lead out of a directory that is private. What is
// no plain file is never replaced.
func (o Output) Check(force bool) error {
	if o == Stdout {
		return nil
	}
	info, err := os.Lstat(string(o))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		dir := filepath.Dir(string(o))
		if in, err := os.Stat(dir); err != nil || !in.IsDir() {
			return fmt.Errorf("there is no directory %s", dir)
		}
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		return failure.Hint(fmt.Errorf("%s is a symbolic link", string(o)), "Give --output the name of a new file. Standard output is --output -")
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no plain file", string(o))
	case !force:
		return failure.Hint(fmt.Errorf("%s exists", string(o)), "Give --output another name, or replace it with --force.")
	}
	return nil
}

// Write writes a new file (0600), or standard output.
func (o Output) Write(e *console.Env, text redact.Secret, force bool) error {
	if o == Stdout {
		_, err := io.WriteString(e.Out, text.Reveal())
		return err
	}
	return atomicfile.Write(string(o), []byte(text.Reveal()), atomicfile.Options{Mode: 0o600, Durable: true, Check: func() error { return o.Check(force) }})
}
