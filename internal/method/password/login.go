package password

import (
	"context"
	"errors"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/site"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/sso"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// attempt is one login.
type attempt struct {
	*Method
	site    site.Site
	request session.Request
	user    string
	last    tokens.Session // the session after the last login, with this login's trust
	guard   *secret.Guard
	fetched bool // the password came from the keychain or a command
	another bool // the user's name was somebody else's at the last login
	orphan  bool // the keychain has the password of that one

	mine    []tokens.Session // of the account, before this login
	session tokens.Session   // of this login
}

// Login gets the password through the guard, logs in to everything with it, and saves the session. It holds the account's lock
// meanwhile, so that a waiting get-token finds the new credential.
func (m *Method) Login(ctx context.Context, s site.Site, r session.Request) (session.Outcome, error) {
	user, err := session.Username(ctx, m.Sessions.Env, r.User, sso.CheckUser)
	if err != nil {
		return session.Outcome{}, err
	}
	a := &attempt{Method: m, site: s, request: r, user: user}
	a.last = m.lastOf(s.Address.String(), user)
	a.last.Trust = s.Trust()
	sources, err := session.LoginSources(m.Sessions.Env, r.Passwords, a.last)
	if err != nil {
		return session.Outcome{}, err
	}
	var out session.Outcome
	defer m.Sessions.Store.Unstage()
	a.guard = a.newGuard()
	err = a.guard.Send(ctx, sources, func(ctx context.Context, password redact.Secret, from secret.Source) error {
		a.fetched = from.Kind == secret.Fetched
		res, err := a.loginEverywhere(ctx, password)
		if err != nil {
			return err
		}
		out, err = a.finish(ctx, res, password)
		return err
	})
	return out, failure.Password{User: user, MayWait: r.Passwords.Wait == 0 && m.Sessions.Env.Terminal == nil}.Explain(err)
}

// newGuard returns a guard for a login. It holds the account's lock until everything is saved.
func (a *attempt) newGuard() *secret.Guard {
	guard := session.Commanded(a.Sessions.Env, a.Sessions.Guard(a.last.Account, a.user), a.request.Passwords.Force)
	guard.Lock = func(ctx context.Context) (func(), error) {
		return a.Sessions.LockAccount(ctx, tokens.Session{Account: a.last.Account, User: a.user, Server: a.site.Address.String()})
	}
	session.Patient(a.Sessions.Env, guard, a.request.Passwords.Wait)
	return guard
}

// loginEverywhere logs in to all control plane hosts and clusters, and shows progress on a terminal.
func (a *attempt) loginEverywhere(ctx context.Context, password redact.Secret) (*login.Result, error) {
	p := a.Sessions.Env.NewProgress()
	defer p.Done()
	request := a.loginRequest(a.site.Ground(), password)
	request.Clusters, request.Namespaces, request.APIPort = a.request.Clusters, a.request.Namespaces, a.request.APIPort
	request.Progress = func(step login.Step, done, total int) { p.Show(string(step), done, total) }
	request.Untrusted = a.site.FurtherServers(p)
	request.Reached = func(hosts []login.Host) {
		p.Pause() // It may say something.
		defer p.Resume()
		a.reached(hosts)
	}
	if !a.request.DryRun {
		request.Minted = a.stage
	}
	return login.Do(ctx, request)
}

func (a *attempt) loginRequest(ground disclose.Ground, password redact.Secret) login.Request {
	return login.Request{
		Wire: a.site.Wire, Server: a.site.Address, User: a.user, Password: ground.Hold(disclose.Password, password), Guard: a.guard,
	}
}

// reached makes the session of the login, once the account has proved itself.
func (a *attempt) reached(hosts []login.Host) {
	identity := claimed(a.user, hosts[0].Credential.Token)
	a.mine = a.ofAccount(identity)
	a.session = a.withRequest(a.joined(identity, a.mine), hosts)
}

// stage writes a credential that finish saves: the login waits for others meanwhile.
func (a *attempt) stage(c tokens.Credential) {
	c.Key.User, c.Session = a.session.User, a.session.ID
	a.Sessions.Store.Stage(c)
}

// finish saves the session and its credentials, unless it is a dry run.
func (a *attempt) finish(ctx context.Context, res *login.Result, password redact.Secret) (session.Outcome, error) {
	s, mine := a.session, a.mine
	res.Rename(s.User)
	out := session.Outcome{Session: s, Result: res}
	if a.request.DryRun {
		return out, nil
	}
	if tokens.Fold(s.User) != tokens.Fold(a.user) {
		a.Sessions.Env.Tellf("%s is %s there: that session goes on.", a.user, s.User)
	}
	saved, err := a.save(ctx, s, mine, res.Credentials())
	if err != nil {
		return out, failure.NotKept(a.Sessions.Store.Dir(), err)
	}
	if a.request.Passwords.Forget && len(mine) > 0 && mine[0].Keychain {
		a.Sessions.ForgetPassword(ctx, mine[0])
	}
	if a.request.Passwords.Save {
		saved = a.Sessions.SavePassword(ctx, saved, password)
	}
	out.Session = saved
	out.Await = func(ctx context.Context, wait time.Duration) error { return a.await(ctx, wait, out, password) }
	return out, nil
}

// save saves the session and its credentials. It replaces other sessions of the account.
func (a *attempt) save(ctx context.Context, s tokens.Session, mine []tokens.Session, fresh []tokens.Credential) (tokens.Session, error) {
	s, err := a.Sessions.Store.SaveSession(s)
	if err == nil {
		err = errors.Join(a.leave(ctx, s, mine), a.takeName(mine))
	}
	switch {
	case err != nil:
		return s, err
	case a.another:
		if a.orphan {
			a.Sessions.ForgetPassword(ctx, s)
		}
		return s, session.ReplaceCredentials(a.Sessions, s, fresh)
	}
	return s, a.Sessions.KeepCredentials(s, fresh)
}

// withRequest adds to a session what the login reached and what its command line says. They replace those of an older session.
func (a *attempt) withRequest(s tokens.Session, hosts []login.Host) tokens.Session {
	now, r := a.Sessions.Env.Now(), a.request
	s.Aliases, s.Clusters, s.StaticTokens, s.ContextPrefix = a.site.Aliases, r.Clusters.String(), r.StaticTokens, r.ContextPrefix
	s.Created, s.Updated, s.Keychain = now, now, s.Keychain && !r.Passwords.Forget
	if r.Passwords.CommandSet {
		s.PasswordCommand = r.Passwords.Command
	}
	for _, h := range hosts {
		s.Hosts = append(s.Hosts, h.Address.String())
	}
	return s
}

// await waits for clusters that are being created, and saves their credentials.
func (a *attempt) await(ctx context.Context, wait time.Duration, out session.Outcome, password redact.Secret) error {
	request := a.loginRequest(session.GroundOf(out.Session), password)
	look := request.Look(func(ctx context.Context, c login.Cluster) error {
		return session.Accepts(ctx, a.Sessions.Env, c, session.Endpoint{Reach: a.site.Aliases.Reach, Unverified: a.site.Insecure()})
	})
	named := func(ctx context.Context, c login.Cluster) (login.Cluster, bool, error) {
		c.Credential.Key.User = a.user // It goes with the password.
		c, passes, err := look(ctx, c)
		c.Credential.Key.User = out.Session.User
		return c, passes, err
	}
	if err := a.Sessions.Await(ctx, wait, out.Result, session.Judged(named, supervisorsOf(request.APIs(out.Result)), a.Sessions.Env.Now)); err != nil {
		return err
	}
	for _, c := range out.Result.Clusters {
		c.Credential.Session = out.Session.ID
		if err := a.Sessions.Store.SaveCredential(c.Credential); err != nil {
			return err
		}
	}
	return nil
}

// supervisorsOf returns the API of each cluster's control plane host.
func supervisorsOf(apis map[supervisor.Address]*supervisor.API) session.SupervisorOf {
	servers := map[string]*kubeapi.Server{}
	for address, api := range apis {
		servers[address.String()] = kubeapi.New(api.Do)
	}
	return func(_ context.Context, c login.Cluster) (*kubeapi.Server, error) {
		if server := servers[c.Credential.Key.Server]; server != nil {
			return server, nil
		}
		return nil, errors.New("the login did not reach its control plane host")
	}
}
