package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

const logoutLong = `Deletes sessions and tokens from this machine, and takes the contexts, users and clusters that login wrote out of the
kubeconfig. Entries of other tools stay. Without flags it is for every Supervisor and user, as with VMware's plugin.

It cannot make a token of vCenter's invalid at the server, since that offers no way: a copy made before stays good until it
ends. A session of an identity provider is revoked there, where the provider offers that, and else it is said.`

const logoutExample = `  # Every Supervisor, every user
  kubectl vsphere logout

  # One user at one Supervisor
  kubectl vsphere logout --server 10.0.0.1 -u dev@vsphere.local`

func (a *App) logoutCommand() *cobra.Command {
	var server, user string
	var all bool
	c := &cobra.Command{
		Use:     "logout",
		Short:   "Destroys current sessions with all vCenter Namespaces clusters.",
		Long:    logoutLong,
		Example: logoutExample,
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			scope := logoutScope{user: user}
			if server != "" {
				address, err := supervisor.ParseAddress(server)
				if err != nil {
					return usagef("--server: %w", err)
				}
				scope.server = address.String()
			}
			if all && (server != "" || user != "") {
				return usagef("--all goes with neither --server nor --vsphere-username")
			}
			return a.logout(c.Context(), scope)
		},
	}
	c.Flags().StringVar(&server, "server", "", "Only the sessions at this Supervisor.")
	c.Flags().StringVarP(&user, "vsphere-username", "u", "", "Only the sessions of this user.")
	c.Flags().BoolVar(&all, "all", false, "Every session (what happens without flags, said aloud).")
	_ = c.RegisterFlagCompletionFunc("server", a.completeServers)
	_ = c.RegisterFlagCompletionFunc("vsphere-username", a.completeUsers)
	return c
}

// logoutScope says which sessions end. Empty fields are any.
type logoutScope struct{ server, user string }

func (s logoutScope) everything() bool { return s == logoutScope{} }

func (s logoutScope) has(server, user string) bool {
	return (s.server == "" || s.server == server) && (s.user == "" || tokens.Fold(s.user) == tokens.Fold(user))
}

// logout removes the secrets first, so that nothing that fails later leaves them behind.
func (a *App) logout(ctx context.Context, scope logoutScope) error {
	store, files, err := a.open()
	if err != nil {
		return err
	}
	store.Sweep()
	ending := scope.ending(store)
	err = ending.clear(store)
	revoked := a.revoke(ctx, ending) // It begins at once: what fails or waits below must not keep a copy alive.
	wrote := false
	if err == nil {
		err = ending.settle(ctx, store)
	}
	if err == nil {
		wrote, err = a.forget(ctx, store, files, ending)
	}
	revoked()
	if err != nil {
		return err
	}
	if err := a.saidGoodbye(scope, ending, wrote); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(ending.unreadable) > 0 && !scope.everything() {
		return hint(fmt.Errorf("it is not known whose this is, so it stays: %w", errors.Join(ending.unreadable...)),
			"kubectl vsphere logout without flags removes it too.")
	}
	return nil
}

// forget takes away what there is of the sessions outside of the store, and tells whether the kubeconfig was written.
func (a *App) forget(ctx context.Context, store *tokens.Store, files kubeconfig.Files, ending ending) (wrote bool, err error) {
	if err := a.forgetFetched(store, ending); err != nil {
		return false, err
	}
	a.forgetPasswords(ctx, ending)
	current := ""
	report, err := files.Update(ctx, false, func(old *api.Config) (kubeconfig.Change, error) {
		change := kubeconfig.Remove(old, ending.owns)
		if change.CurrentContext != nil {
			current = old.CurrentContext
		}
		return change, nil
	})
	if err != nil {
		return false, fmt.Errorf("the sessions are gone, but the contexts could not be removed: %w", err)
	}
	if current != "" && report.Config.CurrentContext == "" {
		fmt.Fprintln(a.Out, "Your KUBECONFIG context has changed.")
		fmt.Fprintln(a.Out, "The current KUBECONFIG context is unset.")
		fmt.Fprintln(a.Out, "To change context, use `kubectl config use-context <workload name>`")
	}
	return len(report.Written) > 0, nil
}

func (a *App) saidGoodbye(scope logoutScope, ending ending, wrote bool) error {
	switch {
	case len(ending.sessions) == 0 && !wrote:
		fmt.Fprintln(a.Out, "There was no session to end.")
		for _, s := range ending.staying {
			fmt.Fprintf(a.Out, "There is one of %s at %s: %s\n", s.User, s.Server, logoutCommandFor(s.Server, s.User))
		}
	case scope.everything():
		fmt.Fprintln(a.Out, "Logged out of all vSphere namespaces.")
	default:
		for _, s := range ending.sessions {
			fmt.Fprintf(a.Out, "Logged out %s from %s.\n", s.User, s.Server)
		}
	}
	return nil
}

// ending is what a logout takes away.
type ending struct {
	scope    logoutScope
	sessions []tokens.Session
	staying  []tokens.Session
	keys     []tokens.Key

	unreadable []error // files of the store of which nobody knows whose they are
}

// ending finds the sessions in scope, and the credentials that no other session needs.
func (s logoutScope) ending(store *tokens.Store) ending {
	e := ending{scope: s}
	all, unreadable := store.Sessions()
	e.unreadable = unreadable
	for _, session := range all {
		if s.has(session.Server, session.User) {
			e.sessions = append(e.sessions, session)
		} else {
			e.staying = append(e.staying, session)
		}
	}
	credentials, unreadable := store.Credentials()
	e.unreadable = append(e.unreadable, unreadable...)
	for _, c := range credentials {
		if e.covers(c.Key) {
			e.keys = append(e.keys, c.Key)
		}
	}
	return e
}

// covers tells whether a credential goes: it belongs to a session that ends and to none that stays.
func (e ending) covers(key tokens.Key) bool {
	if e.scope.everything() {
		return true
	}
	covered := func(s tokens.Session) bool { return s.Covers(key) }
	if slices.ContainsFunc(e.staying, covered) {
		return false
	}
	return slices.ContainsFunc(e.sessions, covered) || e.scope.has(key.Server, key.User)
}

// owns tells whether a user entry of the kubeconfig goes.
func (e ending) owns(_ string, u *api.AuthInfo) bool {
	key, ours := kubeconfig.Ours(u)
	return ours && e.covers(key)
}

// forgetPasswords takes the passwords of the sessions that end out of the keychain.
func (a *App) forgetPasswords(ctx context.Context, e ending) {
	for _, s := range e.sessions {
		if s.Keychain {
			a.forgetPassword(ctx, s)
		}
	}
}

func (a *App) forgetPassword(ctx context.Context, s tokens.Session) {
	if err := secret.ForgetInKeychain(ctx, s.KeychainEntry()); err != nil {
		fmt.Fprintf(a.ErrOut, "warning: %v\n", err)
	}
}

// settle removes what a renewal has written that was just about to: one that begins later finds no session. Who holds the lock for longer
// than that is not waited for.
func (e ending) settle(ctx context.Context, store *tokens.Store) error {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	for _, s := range e.sessions {
		if s.Method != methodOIDC {
			continue // It is not written by renewals.
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

// settleTime bounds what logout waits for renewals that are under way.
const settleTime = time.Second

// clear removes the credentials and sessions from the store. A logout of everybody takes what cannot be read along.
func (e ending) clear(store *tokens.Store) error {
	if e.scope.everything() {
		return store.Clear()
	}
	for _, key := range e.keys {
		if err := store.DeleteCredential(key); err != nil {
			return err
		}
	}
	for _, s := range e.sessions {
		if err := store.DeleteSession(s.ID); err != nil {
			return err
		}
	}
	return nil
}
