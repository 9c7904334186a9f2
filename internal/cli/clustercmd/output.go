package clustercmd

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

// output is where credentials go: the path of a file, or stdout.
type output string

const stdout output = "-"

// words names the output in a question.
func (o output) words() string {
	if o == stdout {
		return "standard output"
	}
	return string(o)
}

// check returns an error if the file must not be written. A link is never followed: it may lead out of a directory that is private. What is
// no plain file is never replaced.
func (o output) check(force bool) error {
	if o == stdout {
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

// write writes a new file (0600), or standard output.
func (o output) write(e *console.Env, text redact.Secret, force bool) error {
	if o == stdout {
		_, err := io.WriteString(e.Out, text.Reveal())
		return err
	}
	return atomicfile.Write(string(o), []byte(text.Reveal()), atomicfile.Options{Mode: 0o600, Durable: true, Check: func() error { return o.check(force) }})
}
