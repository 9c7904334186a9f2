// Package logoutcmd is kubectl vsphere logout.
package logoutcmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

const long = `Deletes sessions and tokens from this machine, and removes the contexts, users and clusters that
login wrote from the kubeconfig, and from each file into which it wrote tokens. Entries of other
tools stay. Without flags it ends every session, as VMware's plugin does.

vCenter cannot revoke a token: a copy stays valid until it expires. An identity provider's session
is revoked there, if the provider supports it. If not, logout says so.

How a server is verified stays known: a CA that changes until the next login is a change, and not a
first use. With --forget-server, logout forgets that too.`

const example = `  # End every session
  kubectl vsphere logout

  # End the session of one user at one Supervisor
  kubectl vsphere logout --server 10.0.0.1 -u dev@vsphere.local

  # End all sessions at one Supervisor, and forget how it is verified
  kubectl vsphere logout --server 10.0.0.1 --forget-server`

// New is the command.
func New(e *console.Env) *cobra.Command {
	var server, user string
	var all, forget bool
	c := &cobra.Command{
		Use: "logout", Short: "Deletes sessions, tokens and their kubeconfig entries.", Long: long, Example: example, Args: command.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			o := Scope{User: user, ForgetServer: forget}
			if o.Server, err = command.TypedServer(e, server); err != nil {
				return err
			}
			if all && (server != "" || user != "") {
				return failure.Usagef("--all goes with neither --server nor --vsphere-username")
			}
			if forget && user != "" {
				return failure.Usagef("--forget-server does not go with --vsphere-username: it is about a server, whoever logs in there")
			}
			return Run(c.Context(), e, o)
		},
	}
	c.Flags().StringVar(&server, "server", "", "End only the sessions at the Supervisor with this `ADDRESS` or name.")
	c.Flags().StringVarP(&user, "vsphere-username", "u", "", "End only the sessions of this `USER`.")
	c.Flags().BoolVar(&all, "all", false, "End every session, as without flags.")
	c.Flags().BoolVar(&forget, "forget-server", false, "Forget how the servers are verified too: the next login asks as at first use.")
	_ = c.RegisterFlagCompletionFunc("server", command.Servers(e))
	_ = c.RegisterFlagCompletionFunc("vsphere-username", command.Users(e))
	return c
}

// logoutRun is one logout.
type logoutRun struct {
	env      *console.Env
	sessions *session.Sessions
	files    kubeconfig.Files
	removal
}

// Run logs out. It removes the secrets first: if a later step fails, they are gone already.
func Run(ctx context.Context, e *console.Env, scope Scope) error {
	store, files, err := command.Open(e)
	if err != nil {
		return err
	}
	store.Sweep()
	l := &logoutRun{env: e, sessions: method.Sessions(e, store), files: files, removal: scope.removal(store)}
	sites := l.sites()
	err = l.clear(store)
	forgotten := l.leaveSites(ctx, store, sites)
	waitRevoked := l.revoke(ctx) // It begins now: a step below may fail or wait.
	wrote := false
	if err == nil {
		err = l.removeRenewed(ctx, store)
	}
	if err == nil {
		wrote, err = l.forget(ctx, store)
	}
	waitRevoked()
	if err := errors.Join(err, forgotten); err != nil {
		return err
	}
	l.report(wrote)
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(l.unreadable) > 0 && !scope.everything() {
		return failure.Hint(fmt.Errorf("a file whose user is not known stays: %w", errors.Join(l.unreadable...)),
			"To remove it too, type: kubectl vsphere logout")
	}
	return nil
}

// forget removes the sessions' traces outside the store: CLI secrets of registries, keychain entries and contexts. wrote reports
// whether it changed the kubeconfig.
func (l *logoutRun) forget(ctx context.Context, store *tokens.Store) (wrote bool, err error) {
	if err := registryaccess.ForgetFetched(store, l.endsRegistry); err != nil {
		return false, err
	}
	for _, s := range l.ended {
		if s.Keychain {
			l.sessions.ForgetPassword(ctx, s)
		}
	}
	current := ""
	report, err := l.files.Update(ctx, false, func(old *api.Config) (kubeconfig.Change, error) {
		change := kubeconfig.Remove(old, l.owns)
		if change.CurrentContext != nil {
			current = old.CurrentContext
		}
		return change, nil
	})
	if errs := append(l.clean(ctx), err); errors.Join(errs...) != nil {
		return false, fmt.Errorf("the sessions are gone, but the contexts could not be removed: %w", errors.Join(errs...))
	}
	if current != "" && report.Config.CurrentContext == "" {
		l.env.Printf("Your KUBECONFIG context has changed.\nThe current KUBECONFIG context is unset.\n" +
			"To change context, use `kubectl config use-context <workload name>`")
	}
	return len(report.Written) > 0, nil
}

// clean removes the entries from other kubeconfigs into which a login wrote tokens. Those work until they expire. An error names the file.
func (l *logoutRun) clean(ctx context.Context) (errs []error) {
	done := map[string]bool{}
	for _, path := range l.files.Paths {
		if absolute, err := filepath.Abs(path); err == nil {
			done[absolute] = true
		}
	}
	for _, s := range l.ended {
		for _, path := range s.TokenFiles {
			if _, err := os.Stat(path); done[path] || errors.Is(err, fs.ErrNotExist) {
				continue
			}
			done[path] = true
			other := l.files
			other.Paths = []string{path}
			report, err := other.Update(ctx, false, func(old *api.Config) (kubeconfig.Change, error) { return kubeconfig.Remove(old, l.owns), nil })
			if err != nil {
				errs = append(errs, err)
			} else if len(report.Written) > 0 {
				l.env.Notef("a login wrote tokens into %s; they are removed", path)
			}
		}
	}
	return errs
}

// report prints who is logged out, in the words of VMware's plugin.
func (l *logoutRun) report(wrote bool) {
	switch {
	case len(l.ended) == 0 && !wrote:
		l.env.Printf("There was no session to end.")
		for _, s := range l.remaining {
			l.env.Printf("To end the session of %s at %s, type: %s", s.User, s.Server, failure.LogoutCommand(s.Server, s.User))
		}
	case l.scope.everything():
		l.env.Printf("Logged out of all vSphere namespaces.")
	default:
		for _, s := range l.ended {
			l.env.Printf("Logged out %s from %s.", s.User, s.Server)
		}
	}
}

// renewalWait bounds how long logout waits for running renewals.
const renewalWait = time.Second

// removeRenewed waits for running renewals and removes what they wrote. A renewal that starts later finds no session. If a process
// holds the lock for longer than renewalWait, logout goes on.
func (l *logoutRun) removeRenewed(ctx context.Context, store *tokens.Store) error {
	ctx, cancel := context.WithTimeout(ctx, renewalWait)
	defer cancel()
	for _, s := range l.ended {
		if len(s.Renewal) == 0 {
			continue // Renewals do not write this session.
		}
		unlock, err := store.LockAccount(ctx, s.Account, func() {}, nil)
		if err != nil {
			continue
		}
		err = store.DeleteSession(s.ID)
		unlock()
		if err != nil {
			return err
		}
	}
	return nil
}
