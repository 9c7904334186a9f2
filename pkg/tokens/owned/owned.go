// Package owned checks that only the user can use the directories of the store: by owner and mode, and on Windows by the access control list.
//
// An answer from the store without a login or a renewal (a hit) checks only what package credfile checks, which on Windows is nothing: the
// list takes longer to read than the answer. Whatever opens or writes the store comes here.
package owned

import "github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"

// Check returns a *credfile.PermissionError for the first of the directories that others can use or own, or an error of the system.
func Check(dirs ...string) error {
	if err := credfile.PrivateDirs(dirs...); err != nil {
		return err
	}
	for _, dir := range dirs {
		if err := listed(dir); err != nil {
			return err
		}
	}
	return nil
}
