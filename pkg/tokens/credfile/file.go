package credfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Version is the version of the store's files. Files of other versions are not read.
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
	Target  json.RawMessage `json:"target,omitempty"` // of package tokens
}

// Key returns the key of the credential.
func (f File) Key() Key { return Key{Server: f.Server, User: f.User, Cluster: f.Cluster} }

// VersionError is the error for a file of another version.
type VersionError struct {
	Path    string
	Version int
}

// Error names the file.
func (e *VersionError) Error() string {
	return fmt.Sprintf("%s has version %d and this program knows %d: is the file from a newer one? A login writes it anew",
		e.Path, e.Version, Version)
}

// Decode decodes text, the content of the file at path, into a value. version points to the value's field of that name. The error is a
// *VersionError, or names the file. A good file is parsed once, since clients wait for it.
func Decode(path string, text []byte, into any, version *int) error {
	err := json.Unmarshal(text, into)
	if err == nil && *version == Version {
		return nil
	}
	var v struct {
		Version int `json:"version"`
	}
	switch other := json.Unmarshal(text, &v); { // Another version may have the same fields with other types.
	case other == nil && v.Version != Version:
		return &VersionError{Path: path, Version: v.Version}
	case err == nil:
		err = other
	}
	return fmt.Errorf("%s cannot be read: %w", path, err)
}

// Read reads a credential file. The error is os.ErrNotExist if there is no file. The user must see a *PermissionError and a *VersionError.
// Any other error is a miss of the cache.
func Read(path string) (File, error) {
	text, err := ReadPrivate(path)
	if err != nil {
		return File{}, err
	}
	var f File
	if err := Decode(path, text, &f, &f.Version); err != nil {
		return File{}, err
	}
	if len(f.Status) == 0 || f.Status[0] != '{' {
		return File{}, errors.New(path + " holds no credential")
	}
	return f, nil
}
