// Package credfile answers kubectl from the store: one file is opened, read and printed. kubectl runs the program for
// every command and keeps nothing between two, so this package imports the standard library only and runs before
// anything else is set up; what it cannot answer is left to the long way.
//
// What runs before the rest of a program waits for what it imports: Go initialises packages in the order of their
// import paths. So this package does without path/filepath, which comes after all of Kubernetes.
//
// What kubectl asks and gets is the ExecCredential of
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins.
package credfile

import (
	"errors"
	"io"
	"os"
	"runtime"
	"time"
)

// Answer prints the credential that args ask for when the store holds a good one. False means that nothing was
// printed and the long way must be gone: the arguments are not ours, there is no such credential or it has ended, or
// something is wrong that only the long way can explain. An error means that a part of it was printed and the rest
// could not be: whatever is printed after it would be garbage.
func Answer(args []string, getenv func(string) string, now time.Time, stdout io.Writer) (answered bool, err error) {
	key, ok := ParseArgs(args)
	if !ok {
		return false, nil
	}
	info, err := ParseExecInfo(getenv(ExecInfoVariable))
	if err != nil {
		return false, nil //nolint:nilerr // The long way explains it.
	}
	dir, err := Dir(getenv, runtime.GOOS)
	if err != nil {
		return false, nil //nolint:nilerr // The long way explains it.
	}
	f, _, err := find(dir, key, now)
	if err != nil {
		return false, nil //nolint:nilerr // The long way explains it.
	}
	out := counter{w: stdout}
	err = Write(&out, info.APIVersion, f.Status)
	if err != nil && out.n == 0 {
		return false, nil //nolint:nilerr // The long way meets it again, and explains it.
	}
	return true, err
}

// counter counts what was written.
type counter struct {
	w io.Writer
	n int
}

// Write implements io.Writer.
func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += n
	return n, err
}

// Token is the bearer token for key in the store at dir. An error means that there is none that can be used now: it has ended, it is
// a certificate, or something is wrong that only the long way can explain.
func Token(dir string, key Key, now time.Time) (string, error) {
	_, s, err := find(dir, key, now)
	if err == nil && s.Token == "" {
		err = errNoToken
	}
	return s.Token, err
}

var (
	errEnded   = errors.New("the credential has ended, or is another's")
	errNoToken = errors.New("the credential is no token")
)

// find is the credential for key, if it can be used now.
func find(dir string, key Key, now time.Time) (File, status, error) {
	if err := PrivateDirs(dir, join(dir, Credentials)); err != nil {
		return File{}, status{}, err
	}
	f, err := Read(Path(dir, key))
	if err != nil {
		return File{}, status{}, err
	}
	s, good := f.good(now)
	if !good || !f.Key().Same(key) {
		return File{}, status{}, errEnded
	}
	return f, s, nil
}

// PrivateDirs reports whether nobody else can put files into directories of the store.
func PrivateDirs(dirs ...string) error {
	for _, dir := range dirs {
		info, err := os.Stat(dir)
		if err == nil {
			err = Private(info, dir)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Path is the credential's file in the store at dir.
func Path(dir string, key Key) string { return join(join(dir, Credentials), key.ID()+".json") }

// join is a path below a directory of the store.
func join(dir, name string) string {
	if dir != "" && os.IsPathSeparator(dir[len(dir)-1]) {
		return dir + name
	}
	return dir + string(os.PathSeparator) + name
}
