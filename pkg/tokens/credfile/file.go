package credfile

import (
	"encoding/json"
	"errors"
	"fmt"
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
	Target  json.RawMessage `json:"target,omitempty"` // of package tokens
}

// Key is what the credential is for.
func (f File) Key() Key { return Key{Server: f.Server, User: f.User, Cluster: f.Cluster} }

// status is what a finished status says about its use.
type status struct {
	ExpirationTimestamp   time.Time `json:"expirationTimestamp"`
	Token                 string    `json:"token"`
	ClientCertificateData string    `json:"clientCertificateData"`
	ClientKeyData         string    `json:"clientKeyData"`
}

// good reports whether kubectl can use the credential now: it proves something and nothing in it has ended. client-go
// runs its plugin again for each request while the stamp that it was given is in the past.
func (f File) good(now time.Time) (status, bool) {
	var s status
	if json.Unmarshal(f.Status, &s) != nil {
		return status{}, false
	}
	proves := s.Token != "" || s.ClientCertificateData != "" && s.ClientKeyData != ""
	return s, proves && now.Before(s.ExpirationTimestamp) && now.Before(f.Until) && now.Before(f.Expires)
}

// VersionError is a file of a version that this program does not know.
type VersionError struct {
	Path    string
	Version int
}

// Error names the file.
func (e *VersionError) Error() string {
	return fmt.Sprintf("%s has version %d and this program knows %d: is the file from a newer one? A login writes it anew",
		e.Path, e.Version, Version)
}

// Decode reads text, what the file at path held, into a value with a version. The version is looked at first, since
// another one may have the same fields in other types. The error is a *VersionError or names the file.
func Decode(path string, text []byte, into any) error {
	var v struct {
		Version int `json:"version"`
	}
	err := json.Unmarshal(text, &v)
	if err == nil && v.Version != Version {
		return &VersionError{Path: path, Version: v.Version}
	}
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be read: %w", path, err)
	}
	return nil
}

// Read reads a credential file. os.ErrNotExist means that there is none; *PermissionError and *VersionError must be
// told to the user; anything else is a cache that got lost.
func Read(path string) (File, error) {
	text, err := ReadPrivate(path)
	if err != nil {
		return File{}, err
	}
	var f File
	if json.Unmarshal(text, &f) != nil || f.Version != Version { // A good file is parsed once; Decode says what a bad one is.
		f = File{}
		if err := Decode(path, text, &f); err != nil {
			return File{}, err
		}
	}
	if len(f.Status) == 0 || f.Status[0] != '{' {
		return File{}, errors.New(path + " holds no credential")
	}
	return f, nil
}
