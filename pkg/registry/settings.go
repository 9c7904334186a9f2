package registry

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// Settings are the user's settings for the credential helper.
type Settings struct {
	Version int `json:"version"`
	// Backing is the NAME of another helper (docker-credential-NAME). It stores the logins of registry clients, and is asked about
	// registries that were not added. Empty: logins are stored in files.
	Backing string `json:"backing,omitempty"`
	// Link is the path of the link to the helper program, so that a later version can renew it.
	Link string `json:"link,omitempty"`
	// Copy is the SHA-256 (hexadecimal) of the program at Link, if that is a copy and no link, as on Windows. A file with another one is not ours.
	Copy string `json:"copy,omitempty"`
}

// Keychains are the helpers that store secrets in a keychain of the operating system or with GnuPG
// (https://github.com/docker/docker-credential-helpers).
var Keychains = []string{"secretservice", "osxkeychain", "wincred", "pass"}

// Keychain reports whether the backing helper stores secrets in a keychain.
func (s Settings) Keychain() bool { return slices.Contains(Keychains, s.Backing) }

// Settings reads the settings. Without a file it returns the zero Settings.
func (s Store) Settings() (set Settings, err error) {
	_, err = s.read(s.settingsPath(), &set, &set.Version)
	return set, err
}

// UpdateSettings changes the settings with change, under the lock.
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

// settingsPath has no extension, so it is not the file of a host.
func (s Store) settingsPath() string { return filepath.Join(s.Dir, dir, "settings") }

// ErrBacking is the error for a name that a backing helper cannot have.
var ErrBacking = errors.New("a helper is named as in docker-credential-NAME, and is not this one")

// CheckBacking returns ErrBacking if name cannot be the name of another helper.
func CheckBacking(name string) error {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789._-"
	if name == "" || len(name) > 60 || strings.Trim(name, letters) != "" || strings.HasPrefix(name, "-") || strings.HasPrefix(name, ".") || name == "vsphere" {
		return ErrBacking
	}
	return nil
}
