package tokens

import (
	"path/filepath"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/atomicfile"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

// keyAge is how long a key is needed at most: ssh reads it once, when it logs in.
const keyAge = time.Hour

// HostKeysPath returns the path of the host keys of nodes (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). ssh writes it.
func (s *Store) HostKeysPath() string { return filepath.Join(s.sshDir(), "known_hosts") }

func (s *Store) sshDir() string { return filepath.Join(s.dir, "ssh") }

// LendKey puts a private key into a file (0600) for ssh. The caller calls remove when ssh has ended. What a process that was killed has
// left is removed first.
func (s *Store) LendKey(key redact.Secret) (path string, remove func(), err error) {
	dir := s.sshDir()
	if err := disk.MkdirAll(dir, 0o700); err != nil {
		return "", nil, s.unwritten(err)
	}
	for _, dir := range []string{s.dir, dir} {
		if err := private(dir); err != nil {
			return "", nil, err
		}
	}
	s.sweepKeys()
	if path, err = atomicfile.Prepare(dir, []byte(key.Reveal())); err != nil {
		return "", nil, s.unwritten(err)
	}
	return path, func() { _ = disk.Remove(path) }, nil
}

// sweepKeys removes the keys of killed processes.
func (s *Store) sweepKeys() { atomicfile.SweepAfter(s.sshDir(), keyAge) }
