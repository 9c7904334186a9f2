// Package hit answers kubectl from the store: one file is opened, read and printed. kubectl runs the program for
// every command and keeps nothing between two, so this package imports the standard library only and runs before
// anything else is set up; what it cannot answer is left to the long way.
//
// What kubectl asks and gets is the ExecCredential of
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins.
package hit

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Answer prints the credential that args ask for when the store holds a good one. False means that nothing was
// printed and the long way must be gone: the arguments are not ours, there is no such credential or it has ended, or
// something is wrong that only the long way can explain.
func Answer(args []string, getenv func(string) string, now time.Time, stdout io.Writer) bool {
	key, ok := ParseArgs(args)
	if !ok {
		return false
	}
	info, err := ParseExecInfo(getenv(ExecInfoVariable))
	if err != nil {
		return false
	}
	dir, err := Dir(getenv, runtime.GOOS)
	if err != nil {
		return false
	}
	if !private(dir) || !private(filepath.Join(dir, Credentials)) {
		return false
	}
	f, err := Read(Path(dir, key))
	if err != nil || !f.Key().Same(key) || !f.good(now) {
		return false
	}
	return Write(stdout, info.APIVersion, f.Status) == nil
}

// private tells whether nobody else can put files into a directory of the store.
func private(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && Private(info, dir) == nil
}

// Path is the credential's file in the store at dir.
func Path(dir string, key Key) string {
	return filepath.Join(dir, Credentials, key.ID()+".json")
}
