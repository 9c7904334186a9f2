package session_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Logins, renewals and registry commands at once, at several servers, under all spellings of one name: one password at a time is on its way,
// and four in all.
func TestOneLockAndOneMarkForAName(t *testing.T) {
	for name, c := range map[string]struct {
		password func(i int) string
		want     int32
	}{
		"one wrong password":   {func(int) string { return "wrong" }, 1},
		"five wrong passwords": {func(i int) string { return fmt.Sprint("wrong", i) }, 4},
	} {
		w := consoletest.New(t)
		store := w.Store()
		var sent, underWay atomic.Int32
		var group sync.WaitGroup
		for i := range 5 {
			group.Go(func() {
				user := []string{"dev", `VSPHERE.LOCAL\Dev`, "DEV@vsphere.local", "dev@VSPHERE.LOCAL"}[i%4]
				sessions := &session.Sessions{Env: w.Env(), Store: store}
				guard := sessions.Guard(tokens.HostAccount(tokens.Key{Server: fmt.Sprint("10.0.0.", i), User: user}), user)
				if i%2 == 0 {
					guard = session.Commanded(sessions.Env, guard, i%4 == 0)
				}
				source := secret.Source{Name: "a variable", Kind: secret.Given, Get: func(context.Context) (redact.Secret, error) {
					return redact.Secret(c.password(i)), nil
				}}
				err := guard.Send(t.Context(), []secret.Source{source}, func(context.Context, redact.Secret, secret.Source) error {
					sent.Add(1)
					if underWay.Add(1) > 1 {
						t.Error("two passwords are on their way at once")
					}
					defer underWay.Add(-1)
					return wire.ErrRefused
				})
				if !errors.Is(err, wire.ErrRefused) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		// A script with --force sends a refused password again, within the four.
		if got := sent.Load(); got < c.want || got > 4 {
			t.Errorf("%s: sent %d times", name, got)
		}
	}
}
