package logincmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/contexts"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// run is one login.
type run struct {
	Deps
	places
	env   *console.Env
	o     Options
	sites session.Sites
	again string      // the command that logs in again, once it is known who did
	known tokens.Site // of the Supervisor, before this login
	lost  bool        // a person agreed that the Supervisor has no identity provider any more
}

// Run logs in. It checks the certificate and that the server is a Supervisor, asks for the password or opens the browser, logs in to
// everything, saves the session, writes the contexts once, and reports.
func Run(ctx context.Context, d Deps, o Options) error {
	console.SurviveParent()
	at, err := open(d.Env, o)
	if err != nil {
		return err
	}
	r := &run{Deps: d, places: at, env: d.Env, o: o, sites: session.Sites{Sessions: method.Sessions(d.Env, at.store)}}
	if r.passing { // The next process must find nothing but refusals, also if this one is killed.
		defer func() {
			if err := r.store.ClearTokens(); err != nil {
				r.env.Warn(err)
			}
		}()
		if err := r.store.ClearTokens(); err != nil {
			return err
		}
	}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	if r.o.Trust.Insecure {
		ctx = disclose.Attended(ctx) // Whoever typed the flag was warned.
	}
	if !r.o.DryRun {
		if err := r.store.Check(); err != nil {
			return fmt.Errorf("a login could not be saved: %w", err) // Before a person answers or logs in for nothing.
		}
	}
	s, err := r.contact().Open(ctx)
	if err != nil {
		return naming{r}.mistyped(err)
	}
	m, err := r.method(ctx, s)
	if err != nil {
		return err
	}
	out, err := m.Login(ctx, s, r.request())
	if err != nil {
		return err
	}
	if err := r.keep(ctx, s, out); err != nil {
		r.env.Warn(err)
	}
	return r.finish(ctx, out)
}

// prepare fills in the options of the last login, and checks the kubeconfig before a password is typed.
func (r *run) prepare(ctx context.Context) error {
	if err := (naming{r}).call(); err != nil {
		return err
	}
	if err := checkUser(r.o.User, r.o); err != nil { // Every caller's name, before anything is sent: a broken one would cost an attempt.
		return err
	}
	if r.o.Server == (supervisor.Address{}) {
		if err := r.repeat(); err != nil {
			return err
		}
	}
	if err := r.repeatIssuer(); err != nil {
		return err
	}
	if !r.o.Printed() {
		var err error
		if r.files, err = r.files.Check(ctx); err != nil {
			return err
		}
		if err := contexts.CheckProgram(r.env, r.o.Exec); err != nil && !r.o.StaticTokens {
			return err
		}
		if path := r.o.Exec.Command; filepath.IsAbs(path) {
			if _, err := os.Stat(path); err != nil {
				r.env.Notef("there is no program %s here: contexts that call it work elsewhere only", path)
			}
		}
	}
	return r.recall()
}

// recall reads what is known of the Supervisor, and checks the name that it is to get.
func (r *run) recall() (err error) {
	r.known, err = r.sites.Of(r.o.Server.String())
	if err == nil && !r.o.Set.Aliases {
		r.o.Aliases = r.sites.Aliases(r.known)
	}
	if err == nil && !r.o.Set.APIPort {
		r.o.APIPort = r.known.GivenPort()
	}
	if err != nil {
		return err
	}
	return naming{r}.checkName()
}

func (r *run) contact() site.Contact {
	c := site.Contact{
		Env: r.env, Server: r.o.Server, Aliases: r.o.Aliases, Last: r.known.Trust, LastHosts: session.ServersOf(r.known.Hosts),
		API: r.o.Provider.Issuer.Plain(), Flags: r.o.Trust,
	}
	if !r.o.DryRun && !r.passing {
		c.Keep = func(ctx context.Context, change func(*tokens.Site)) error {
			return r.sites.Update(ctx, r.known.Server, change)
		}
	}
	return c
}

func (r *run) request() session.Request {
	return session.Request{
		User: r.o.User, Passwords: r.o.Passwords, Clusters: r.o.Clusters, APIPort: r.o.APIPort,
		Namespaces: r.o.Namespaces, NamespacesSet: r.o.Set.Namespaces,
		StaticTokens: r.o.StaticTokens && !r.o.Printed(), ContextPrefix: r.o.Prefix, DryRun: r.o.DryRun,
		KnownNamespaces: func(s tokens.Session) []string {
			return contexts.Login{Session: s, Others: others(r.store)}.KnownNamespaces(r.files)
		},
	}
}

// others returns the sessions in the store.
func others(store *tokens.Store) []tokens.Session {
	all, _ := store.Sessions()
	return all
}

// keep keeps what the login showed of the Supervisor, for the next one.
func (r *run) keep(ctx context.Context, s site.Site, out session.Outcome) error {
	errs := []error{naming{r}.keepName(ctx), naming{r}.keepLogin(ctx, s, out.Session)}
	if !out.Result.Single {
		errs = append(errs, s.Keep(ctx, func(k *tokens.Site) { session.KeepPorts(k, out.Result.Hosts, r.o.APIPort, r.env.Now()) }))
	}
	errs = append(errs, s.Reached(ctx, out.Session.Hosts))
	if r.lost {
		errs = append(errs, s.Keep(ctx, func(k *tokens.Site) { k.Issuer = "" }))
	}
	return errors.Join(errs...)
}

// finish writes or prints the contexts, and reports.
func (r *run) finish(ctx context.Context, out session.Outcome) error {
	l := contexts.Login{Session: out.Session, Others: others(r.store), Result: out.Result, Options: contexts.Options{
		Server: r.o.Server, Aliases: r.o.Aliases, Clusters: r.o.Clusters, Names: naming{r}.names(), Prefix: r.o.Prefix, PrefixSet: r.o.Set.Prefix, Exec: r.o.Exec, Current: r.o.Current,
		KeepCurrent: r.o.KeepContext, StaticTokens: r.o.StaticTokens, Prune: r.o.Prune,
	}}
	tellPorts(r.env, out.Result)
	r.again = method.Sessions(r.env, r.store).Command(out.Session)
	switch {
	case r.o.DryRun:
		return r.printPlan(l)
	case r.o.Printed():
		if err := out.Await(ctx, r.o.Wait); err != nil {
			return err
		}
		return r.printKubeconfig(l)
	}
	err := r.write(ctx, l, out)
	if out.Note != nil {
		if note := out.Note(); note != "" {
			r.env.Notef("%s", note)
		}
	}
	return err
}

// write writes the contexts. With --wait it waits for new clusters and then writes the contexts again.
func (r *run) write(ctx context.Context, l contexts.Login, out session.Outcome) error {
	if l.StaticTokens {
		if err := r.rememberTokenFiles(ctx, out.Session); err != nil { // Before they have tokens.
			return err
		}
	}
	w, err := r.writeContexts(ctx, l)
	if err == nil && r.o.Wait > 0 {
		if err = out.Await(ctx, r.o.Wait); err == nil {
			w, err = r.writeContexts(ctx, l)
		}
	}
	if err != nil {
		return err
	}
	r.Refresh(ctx, out.Session)
	return r.report(l.Result, w)
}

// rememberTokenFiles adds the kubeconfigs to those which a logout cleans. A renewal may have changed the session since it was saved.
func (r *run) rememberTokenFiles(ctx context.Context, s tokens.Session) error {
	unlock, err := r.store.LockAccount(ctx, s.Account, func() {}, nil)
	if err != nil {
		return err
	}
	defer unlock()
	now, found := r.store.Session(s.Server, s.User)
	if !found {
		return nil // Somebody has logged out meanwhile.
	}
	now.TokenFiles = nil
	for _, path := range r.files.Paths {
		if absolute, err := filepath.Abs(path); err == nil {
			now.TokenFiles = append(now.TokenFiles, absolute)
		}
	}
	_, err = r.store.UpdateSession(now)
	return err
}
