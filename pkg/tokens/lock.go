package tokens

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/filelock"
)

// LockAccount takes the lock of an account as filelock.Take does. Where there are no locks, two processes may renew at
// once: warn is told.
func (s *Store) LockAccount(ctx context.Context, account string, waiting func(), warn func(error)) (unlock func(), err error) {
	path := filepath.Join(s.dir, accountsDir, hash(account)+".lock")
	return filelock.Take(ctx, path, waiting, func(err error) {
		if warn != nil {
			warn(fmt.Errorf("no lock on %s, so that two processes may renew at once: %w", path, err))
		}
	})
}
