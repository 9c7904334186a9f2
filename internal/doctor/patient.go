package doctor

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/method/federated"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// patient is what the checks look at. What several of them need is found out once.
type patient struct {
	Options
	env      *console.Env // nobody is asked, and nothing is printed
	store    *tokens.Store
	storeErr error // why there is no store; sessions is nil then
	sessions *session.Sessions
	all      []tokens.Session
	paths    []string // of the kubeconfig
	pathsErr error
	config   *api.Config // empty if it cannot be read
	readErr  error
	servers  []*server
	contexts []*examined // those that are meant
	known    []*examined // all that login wrote
	// forServers and forContexts have a slot for each request under way. Many contexts that hang leave time for what explains them.
	forServers, forContexts slots
}

// newPatient reads what is on this machine. The error is that of an option that names nothing.
func newPatient(ctx context.Context, o Options) (*patient, error) {
	env := o.Env.Quiet()
	if o.Env.Verbose {
		env = o.Env.Unattended()
	}
	env.Timeout = min(env.Timeout, oneRequest)
	p := &patient{Options: o, env: env, config: api.NewConfig(), forServers: make(slots, login.MaxInFlight), forContexts: make(slots, login.MaxInFlight)}
	p.paths, p.pathsErr = kubeconfig.Locate(env.Getenv, env.Home)
	if p.store, p.storeErr = env.OpenStore(); p.storeErr == nil {
		p.sessions = method.Sessions(env, p.store)
		p.all, _ = p.store.Sessions()
		p.readKubeconfig()
	}
	if o.Context != "" {
		if _, known := p.config.Contexts[o.Context]; !known && p.readErr == nil && p.storeErr == nil {
			return nil, failure.Usagef("--context: there is no context %q in the kubeconfig", o.Context)
		}
	}
	p.findContexts(ctx)
	p.findServers(ctx)
	return p, nil
}

func (p *patient) readKubeconfig() {
	files, err := command.Kubeconfig(p.env, p.store)
	if err == nil {
		var config *api.Config
		if config, err = files.Load(); err == nil {
			p.config = config
		}
	}
	p.readErr = err
}

// findContexts finds the contexts that login wrote, and those of them that are meant.
func (p *patient) findContexts(ctx context.Context) {
	p.known = p.contextsOf(ctx, func(string, tokens.Key) bool { return true })
	p.contexts = p.known
	if p.Context != "" || p.Server != "" {
		p.contexts = p.contextsOf(ctx, func(name string, key tokens.Key) bool {
			return (p.Context == "" || name == p.Context) && (p.Server == "" || key.Server == p.Server)
		})
	}
}

// contextsOf returns some contexts that login wrote. Those for one credential at one server are looked at once.
func (p *patient) contextsOf(ctx context.Context, meant func(name string, key tokens.Key) bool) (all []*examined) {
	byWay := map[string]*examined{}
	for _, name := range slices.Sorted(maps.Keys(p.config.Contexts)) {
		c := p.config.Contexts[name]
		key, ours := kubeconfig.Ours(p.config.AuthInfos[c.AuthInfo])
		if !ours || !meant(name, key) {
			continue
		}
		way := strings.Join([]string{key.ID(), c.Cluster, c.AuthInfo}, "\x00")
		if same := byWay[way]; same != nil {
			same.names = append(same.names, name)
			continue
		}
		x := &examined{key: key, names: []string{name}}
		x.look = once(func() look { return p.lookAt(ctx, x) })
		byWay[way], all = x, append(all, x)
	}
	return all
}

// findServers finds the Supervisors and control plane hosts that are meant: of contexts, sessions and sites, and the one of --server.
func (p *patient) findServers(ctx context.Context) {
	names := map[string]bool{}
	if p.Server != "" {
		names[p.Server] = true
	}
	for _, x := range p.contexts {
		names[x.key.Server] = true
	}
	if p.Context == "" && p.Server == "" {
		for _, s := range p.all {
			names[s.Server] = true
			for _, host := range s.Hosts {
				names[host] = true
			}
		}
		if p.store != nil {
			for _, name := range p.store.SiteServers() {
				names[name] = true
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		address, err := supervisor.ParseAddress(name)
		if err != nil {
			continue // The check of the kubeconfig or of the store tells it.
		}
		p.servers = append(p.servers, p.newServer(ctx, name, address))
	}
}

// newServer finds out how logins verify and reach a server: as its own site, else as that of the session that covers it.
func (p *patient) newServer(ctx context.Context, name string, address supervisor.Address) *server {
	s := &server{name: name, Address: address}
	if p.sessions != nil {
		sites := session.Sites{Sessions: p.sessions}
		known, err := sites.Of(name)
		s.siteErr = err
		for _, one := range p.all {
			if one.Server != name && !slices.Contains(one.Hosts, name) {
				continue
			}
			s.session = &one
			if !known.Known() && one.Server != name {
				known, _ = sites.Of(one.Server)
			}
			break
		}
		s.site, s.aliases, s.trust = known, sites.Aliases(known), known.Trust
		if s.session != nil {
			kept, err := federated.Parse(*s.session)
			s.plain, s.provider = err == nil && kept.Plain, kept.IdentityProvider
			if !known.Known() {
				s.trust = s.session.Trust
			}
		}
	}
	s.trust.Mode = cmp.Or(s.trust.Mode, trust.System)
	s.ask = once(func() answer { return p.askServer(ctx, s) })
	return s
}

// once returns a function that asks at its first call. All calls return what that one got. It waits as a channel does and not as a mutex, so
// that a test with a clock of its own sees that nothing else goes on.
func once[T any](ask func() T) func() T {
	var answer T
	first, done := make(chan struct{}, 1), make(chan struct{})
	return func() T {
		select {
		case first <- struct{}{}:
			answer = ask()
			close(done)
		default:
		}
		<-done
		return answer
	}
}

// each calls look for all of some things at once, and returns their findings in order.
func each[T any](all []T, look func(T) []Finding) []Finding {
	results := make([][]Finding, len(all))
	var wg sync.WaitGroup
	for i, one := range all {
		wg.Go(func() { results[i] = look(one) })
	}
	wg.Wait()
	return slices.Concat(results...)
}

// slots bound the requests under way.
type slots chan struct{}

// enter waits for a free slot. The error is errLate.
func (s slots) enter(ctx context.Context) (leave func(), err error) {
	select {
	case s <- struct{}{}:
		return func() { <-s }, nil
	case <-ctx.Done():
		return nil, errLate
	}
}
