package session_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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

// hearing is a stream that calls heard with what is written.
type hearing func(text string)

// Write implements io.Writer.
func (h hearing) Write(p []byte) (int, error) { h(string(p)); return len(p), nil }

// A process that waits says for what, once: for another one that sends a password, or for those whose requests are under way.
func TestWhoWaitsSaysForWhat(t *testing.T) {
	const user = "dev@vsphere.local"
	name := secret.UserName(user)
	for what, begin := range map[string]func(*tokens.Store) (end func()){
		"the lock": func(store *tokens.Store) func() {
			unlock, err := store.LockAccount(t.Context(), name, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			return unlock
		},
		"requests under way": func(store *tokens.Store) func() {
			four := slices.Repeat([]tokens.Refusal{{Time: time.Now(), Underway: true}}, 4)
			if err := store.SetMark(name, tokens.Mark{Refusals: four}); err != nil {
				t.Fatal(err)
			}
			return func() {
				if err := store.SetMark(name, tokens.Mark{Refusals: four[1:]}); err != nil {
					t.Error(err)
				}
			}
		},
	} {
		w := consoletest.New(t)
		sessions := &session.Sessions{Env: w.Env(), Store: w.Store()}
		end := begin(sessions.Store)
		said := 0
		sessions.Env.ErrOut = hearing(func(text string) {
			if said++; text != "Waiting for another process that sends a password of "+user+" …\n" {
				t.Errorf("%s: it says %q", what, text)
			}
			time.AfterFunc(300*time.Millisecond, end) // So that it looks more than once.
		})
		source := secret.Source{Name: "a variable", Kind: secret.Given, Get: func(context.Context) (redact.Secret, error) { return "right", nil }}
		sent := 0
		err := sessions.Guard("10.0.0.1 "+user, user).Send(t.Context(), []secret.Source{source}, func(context.Context, redact.Secret, secret.Source) error {
			sent++
			return nil
		})
		if err != nil || said != 1 || sent != 1 {
			t.Errorf("%s: %v; said %d times, sent %d", what, err, said, sent)
		}
	}
}
