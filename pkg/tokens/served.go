package tokens

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// Served is what the API server of a credential served last. Who knows it asks for objects at once, and not for their versions first. It is
// a cache: a server that serves something else by now answers 404, and is asked.
type Served struct {
	Version int       `json:"version"`
	Asked   time.Time `json:"asked"`
	// Versions are those in which objects could be listed, as "v1beta1", by resource (PLURAL.GROUP).
	Versions map[string]string `json:"versions"`
	// Everywhere means that the user may list namespaces, and so perhaps objects of all of them.
	Everywhere bool `json:"everywhere,omitempty"`
}

// servedFor is how long Served is believed, as kubectl believes its cache of what a server serves.
const servedFor = 6 * time.Hour

const servedDir = "served"

// Served returns what the server of key served. The zero Served means that it is not known, or not any more.
func (s *Store) Served(key Key, now time.Time) Served {
	path := s.servedPath(key)
	text, err := credfile.ReadPrivate(path)
	var known Served
	if err != nil || credfile.Decode(path, text, &known, &known.Version) != nil {
		return Served{}
	}
	if age := now.Sub(known.Asked); age < 0 || age > servedFor {
		return Served{}
	}
	return known
}

// SetServed stores what the server of key serves, unless known says the same.
func (s *Store) SetServed(key Key, known, served Served) error {
	if !known.Asked.IsZero() && known.Everywhere == served.Everywhere && maps.Equal(known.Versions, served.Versions) {
		return nil
	}
	served.Version = credfile.Version
	text, err := json.Marshal(served)
	if err != nil {
		return err
	}
	return s.write(s.servedPath(key), append(text, '\n'), cache)
}

func (s *Store) servedPath(key Key) string {
	return filepath.Join(s.dir, servedDir, key.ID()+".json")
}
