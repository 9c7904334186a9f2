// Package credfile answers kubectl from the store: one file is opened, read and printed. kubectl runs the program for
// every command and keeps nothing between two, so this package imports the standard library only and runs before
// anything else is set up; what it cannot answer is left to the long way.
//
// What kubectl asks and gets is the ExecCredential of
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins.
package credfile

import (
	"encoding/json"
	"errors"
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
	f, err := find(dir, key, now)
	if err != nil {
		return false
	}
	return Write(stdout, info.APIVersion, f.Status) == nil
}

// Token is the bearer token for key in the store at dir. An error means that there is none that can be used now: it has ended, it is
// a certificate, or something is wrong that only the long way can explain.
func Token(dir string, key Key, now time.Time) (string, error) {
	f, err := find(dir, key, now)
	if err != nil {
		return "", err
	}
	var s struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(f.Status, &s); err != nil {
		return "", err
	}
	if s.Token == "" {
		return "", errNoToken
	}
	return s.Token, nil
}

var (
	errEnded   = errors.New("the credential has ended, or is another's")
	errNoToken = errors.New("the credential is no token")
)

// find is the credential for key, if it can be used now.
func find(dir string, key Key, now time.Time) (File, error) {
	if err := PrivateDirs(dir, filepath.Join(dir, Credentials)); err != nil {
		return File{}, err
	}
	f, err := Read(Path(dir, key))
	if err == nil && (!f.Key().Same(key) || !f.good(now)) {
		err = errEnded
	}
	return f, err
}

// PrivateDirs tells whether nobody else can put files into directories of the store.
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
func Path(dir string, key Key) string {
	return filepath.Join(dir, Credentials, key.ID()+".json")
}
