package owned

import (
	"fmt"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

func listed(dir string) error {
	owner, users, err := disk.Others(dir)
	switch {
	case err != nil:
		return err
	case owner != "":
		return &credfile.PermissionError{Path: dir, What: fmt.Sprintf("belongs to %s; move it away, or set %s to another place", disk.AccountName(owner), credfile.HomeVariable)}
	case len(users) == 0:
		return nil
	}
	var names []string
	// In both shells of Windows, a word with parentheses is in quotation marks. A star is before an identifier in place of a name.
	remedy := "icacls " + safetext.Word(dir) + " /inheritance:r"
	for _, id := range users {
		names = append(names, disk.AccountName(id))
		remedy += ` /remove:g "*` + id + `"`
	}
	for _, id := range []string{disk.User(), "S-1-5-18", "S-1-5-32-544"} { // The system and administrators.
		remedy += ` /grant:r "*` + id + `:(OI)(CI)F"`
	}
	return &credfile.PermissionError{Path: dir, What: "can be used by other people (" + strings.Join(names, ", ") + ")", Remedy: remedy}
}
