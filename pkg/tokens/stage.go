package tokens

import (
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/atomicfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// staged is a credential in a temporary file.
type staged struct {
	Credential
	temp string
}

// Stage writes a credential beside the others, where nobody finds it: SaveCredential of the same one only renames the file. A login has
// time for that while it waits for the next credential, and may still end without any. What cannot be staged is not, without an error:
// SaveCredential has it.
func (s *Store) Stage(c Credential) {
	text, err := c.text()
	if err != nil || len(text) > credfile.MaxFile || private(s.dir) != nil {
		return
	}
	temp, err := atomicfile.Prepare(s.dir, text) // The directory of credentials may not be there yet, and the login may fail.
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.staged == nil {
		s.staged = map[string]staged{}
	}
	path := credfile.Path(s.dir, c.Key)
	if old, there := s.staged[path]; there {
		_ = disk.Remove(old.temp)
	}
	s.staged[path] = staged{c, temp}
}

// saveStaged gives the file of a staged credential its name, and reports whether it could.
func (s *Store) saveStaged(c Credential) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := credfile.Path(s.dir, c.Key)
	ahead, there := s.staged[path]
	if !there || ahead.Credential != c || disk.Rename(ahead.temp, path) != nil {
		return false // It may have been swept away, by a process that does not see this one.
	}
	delete(s.staged, path)
	return true
}

// Unstage removes the staged credentials that were not saved.
func (s *Store) Unstage() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ahead := range s.staged {
		_ = disk.Remove(ahead.temp)
	}
	s.staged = nil
}
