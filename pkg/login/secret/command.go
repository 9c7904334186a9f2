package secret

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/duration"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/process"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

// maxOutput bounds what a password command prints, in bytes: the password, and notes below it.
const maxOutput = 64 << 10

// commandTime bounds a password command. It may wait for a finger on a sensor, but not for ever.
const commandTime = 30 * time.Second

// ParseCommand splits a command line into words (see process.Words). The first word becomes the absolute path of the program, so that
// neither a later PATH nor the current directory decides which program runs.
func ParseCommand(typed string) ([]string, error) {
	argv, err := process.Words(typed)
	switch {
	case err != nil:
		return nil, err
	case len(argv) == 0 || argv[0] == "":
		return nil, errors.New("it is empty")
	}
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return nil, err
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	argv[0] = path
	return argv, process.Check(path, argv[1:]...)
}

// Command returns a source that runs a program and reads the first line that it prints; in all, it may print 64 KiB. The program has
// no standard input and no terminal of ours to read from; notes get its standard error. After 30 s its whole process
// group is killed. An exit code other than 0 means that it has no password.
func Command(argv []string, notes Notes) Source {
	const name = "the password command"
	return Source{Name: name, Kind: Fetched, Get: func(ctx context.Context) (redact.Secret, error) {
		bounded, cancel := context.WithTimeout(ctx, commandTime)
		defer cancel()
		stderr := notes.begin()
		text, err := run(bounded, argv, stderr)
		stderr.end(err != nil)
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if bounded.Err() != nil {
			return "", &NoneError{name, fmt.Sprintf("%s gave no answer within %s", argv[0], duration.Text(commandTime))}
		}
		if err != nil {
			return "", &NoneError{name, fmt.Sprintf("%s: %v", argv[0], err)}
		}
		password, err := clean(firstLine(text))
		if err != nil {
			return "", &NoneError{name, fmt.Sprintf("%s: %v", argv[0], err)}
		}
		return password, nil
	}}
}

// run returns the standard output of the command, and an error when it is too long.
func run(ctx context.Context, argv []string, stderr io.Writer) ([]byte, error) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	cmd := process.Command(ctx, argv[0], argv[1:], nil) // The user named it at login, and the session file is theirs alone.
	cmd.Stderr = stderr
	process.OwnGroup(cmd)
	cmd.WaitDelay = time.Second // A grandchild that left the group may hold the pipe.
	stdout := &limited{max: maxOutput, full: end}
	cmd.Stdout = stdout
	err := cmd.Run()
	switch {
	case stdout.over:
		return nil, fmt.Errorf("it printed more than %d bytes", maxOutput)
	case errors.Is(err, exec.ErrWaitDelay): // It ended well, and left something behind.
		_ = cmd.Cancel()
	case err != nil:
		return nil, err
	}
	return stdout.text, nil
}

// limited holds at most max bytes, and calls full when there are more.
type limited struct {
	text []byte
	max  int
	over bool
	full func()
}

// Write never fails: the program would report a closed pipe instead of its own error.
func (l *limited) Write(p []byte) (int, error) {
	room := min(len(p), l.max-len(l.text))
	l.text = append(l.text, p[:room]...)
	if room < len(p) {
		l.over = true
		l.full()
	}
	return len(p), nil
}
