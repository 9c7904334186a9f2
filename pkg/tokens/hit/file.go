package hit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Version is the version of the store's files. Another one is not read.
const Version = 1

// File is a credential as it is stored, one JSON object. Status is the finished status of the ExecCredential
// (client.authentication.k8s.io); its expirationTimestamp is Until.
type File struct {
	Version int             `json:"version"`
	Session string          `json:"session"`
	Server  string          `json:"server"`
	User    string          `json:"user"`
	Cluster string          `json:"cluster,omitempty"`
	Issued  time.Time       `json:"issued"`
	Expires time.Time       `json:"expires"` // when the server stops accepting it
	Until   time.Time       `json:"until"`   // when we stop handing it out
	Status  json.RawMessage `json:"status"`
}

// Key is what the credential is for.
func (f File) Key() Key { return Key{Server: f.Server, User: f.User, Cluster: f.Cluster} }

// maxFile bounds a credential file: a token has about 1 kB.
const maxFile = 1 << 20

// VersionError is a file of a version that this program does not know.
type VersionError struct {
	Path    string
	Version int
}

// Error names the file.
func (e *VersionError) Error() string {
	return fmt.Sprintf("%s has version %d, which this program does not know: is it from a newer one?", e.Path, e.Version)
}

// PermissionError is a file or directory of the store that other people could read, change or have made.
type PermissionError struct {
	Path   string
	What   string
	Remedy string // a command to type
}

// Error says what is wrong and what to type.
func (e *PermissionError) Error() string {
	return fmt.Sprintf("%s %s; type: %s", e.Path, e.What, e.Remedy)
}

// Open opens a file of the store for reading and refuses one that is not a regular file, that others can read or
// write, or that neither the user nor root owns. A symbolic link is not followed.
func Open(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|noFollow, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = private(info, path)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func private(info os.FileInfo, path string) error {
	if !info.Mode().IsRegular() {
		return errors.New(path + " is not a regular file")
	}
	return Private(info, path)
}

// Read reads a credential file. os.ErrNotExist means that there is none.
func Read(path string) (File, error) {
	f, err := Open(path)
	if err != nil {
		return File{}, err
	}
	defer f.Close() //nolint:errcheck // It was only read.
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return File{}, err
	}
	var c File
	if err := json.Unmarshal(text, &c); err != nil {
		return File{}, err
	}
	if c.Version != Version {
		return File{}, &VersionError{Path: path, Version: c.Version}
	}
	if len(c.Status) == 0 || c.Status[0] != '{' {
		return File{}, errors.New(path + " holds no credential")
	}
	return c, nil
}
