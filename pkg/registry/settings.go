package registry

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// Settings are what a user set for the credential helper.
type Settings struct {
	Version int `json:"version"`
	// Backing names another helper (docker-credential-NAME) that keeps what registry clients store, and that is asked about registries
	// that were not added. Empty: files of ours, and nobody.
	Backing string `json:"backing,omitempty"`
	// Link is where the helper program was linked for the user, so that a later version can be linked there again.
	Link string `json:"link,omitempty"`
}

// Keychains are the helpers that keep secrets where the operating system, or GnuPG, guards them
// (https://github.com/docker/docker-credential-helpers).
var Keychains = []string{"secretservice", "osxkeychain", "wincred", "pass"}

// Keychain tells whether the backing helper keeps secrets in a keychain.
func (s Settings) Keychain() bool { return slices.Contains(Keychains, s.Backing) }

// Settings reads what was set; there may be nothing.
func (s Store) Settings() (set Settings, err error) {
	_, err = s.read(s.settingsPath(), &set)
	return set, err
}

// UpdateSettings changes what was set.
func (s Store) UpdateSettings(change func(*Settings)) error {
	return s.locked(func() error {
		set, err := s.Settings()
		if err != nil {
			return err
		}
		was := set
		if change(&set); set == was {
			return nil
		}
		set.Version = credfile.Version
		return s.write(s.settingsPath(), set)
	})
}

// settingsPath ends unlike the files of a host.
func (s Store) settingsPath() string { return filepath.Join(s.Dir, dir, "settings") }

// ErrBacking is a name that no backing helper can have.
var ErrBacking = errors.New("a helper is named as in docker-credential-NAME, and is not this one")

// CheckBacking refuses what is no name of another helper.
func CheckBacking(name string) error {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789._-"
	if name == "" || len(name) > 60 || strings.Trim(name, letters) != "" || strings.HasPrefix(name, "-") || strings.HasPrefix(name, ".") || name == "vsphere" {
		return ErrBacking
	}
	return nil
}
