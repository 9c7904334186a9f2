package console

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
)

// GuestError means that root would make a file in another user's home directory, and so keep that user out of it.
type GuestError struct {
	Path  string
	Owner int // of the home directory
}

// Error says what to type.
func (e *GuestError) Error() string {
	return fmt.Sprintf("%s would belong to root, in the home of user %d; type the command without sudo, or for a login of root: sudo -H kubectl vsphere …", e.Path, e.Owner)
}

// CheckGuest returns a *GuestError if this process is root and would make the file or directory at path in the home directory of another
// user, as sudo does that keeps HOME. A directory with another owner is not enough: a container may run as root with such a home. It must
// be that of the user who called sudo, or the user database must say that it is the owner's home.
func CheckGuest(getenv func(string) string, path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	owner, err := disk.Ancestor(path)
	if err != nil || owner == 0 {
		return nil //nolint:nilerr // Making it reports the error.
	}
	caller := strconv.Itoa(owner)
	if getenv("SUDO_UID") == caller || getenv("PKEXEC_UID") == caller || isHome(caller, path) {
		return &GuestError{path, owner}
	}
	return nil
}

// isHome reports whether a path is below the home directory of a user of the database.
func isHome(uid, path string) bool {
	u, err := user.LookupId(uid)
	return err == nil && u.HomeDir != "" && u.HomeDir != "/" && strings.HasPrefix(filepath.Clean(path), filepath.Clean(u.HomeDir)+string(filepath.Separator))
}
