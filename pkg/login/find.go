package login

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// FindRequest looks for all that a session of an identity provider may use at a Supervisor.
type FindRequest struct {
	*Federated
	User     string
	Clusters Selection
	// Namespaces are looked at beside those that the Supervisor lists, if it does not list all.
	Namespaces []string
	// Known are namespaces of an earlier login. Their clusters are listed while the Supervisor still lists the
	// namespaces, unless they are too many.
	Known []string
	// Last returns the target that a cluster had at an earlier login, if there is one.
	Last  func(tokens.Key) (tokens.Target, bool)
	APICA []byte // PEM, of the Supervisor's API server, from supervisor.Client.APICA; nil: not known
	// Asked is the question to the API server that is under way; nil: its port is known.
	Asked *Asking
	// CA returns the CA (PEM) by which a server (URL) of the Supervisor is verified: its API server, or its Concierge.
	CA func(h Host, server string) []byte
	// Further decides about a Concierge elsewhere. Untrusted, for clusters, and Progress are as in Request.
	Further   Decide
	Untrusted Decide
	Progress  func(step Step, done, total int)
}

// Find mints the Supervisor's credential, and asks its API for namespaces and clusters. It asks nothing of a cluster,
// unless the Supervisor does not know its CA: each cluster's credential is minted when it is used first, and is a
// target until then. An error means that the Supervisor itself could not be used.
func (r FindRequest) Find(ctx context.Context) (*Result, error) {
	base := Request{Clusters: r.Clusters, Progress: r.Progress, Untrusted: r.Untrusted}
	base.progress(StepNamespaces, 0, 0)
	host := Host{Address: r.Front.Address, APICA: r.APICA, APIPort: r.APIPort}
	if r.Asked != nil {
		host.Settle(r.APIPort, r.Asked.Answer())
		r.APIPort = host.APIPort
	}
	if err := r.mintSupervisor(ctx, &host); err != nil {
		return nil, fmt.Errorf("get a credential of the Supervisor: %w", err)
	}
	api, err := r.Supervisor(host.Credential)
	if err != nil {
		return nil, err
	}
	res := &Result{Hosts: []Host{host}}
	list, err := r.namespaces(ctx, api, res)
	if err != nil {
		return nil, err
	}
	if !r.Clusters.none() {
		base.progress(StepList, 0, 0)
		r.targets(ctx, api, base.find(res, list), res)
	}
	return res, ctx.Err()
}

// mintSupervisor mints the credential of the Supervisor. A Concierge elsewhere that nothing verifies is decided about.
func (r FindRequest) mintSupervisor(ctx context.Context, host *Host) error {
	key := tokens.Key{Server: host.Address.String(), User: r.User}
	errs, elsewhere := make([]error, 1), false
	mint := func(int) {
		target := r.SupervisorTarget(func(server string) []byte { return r.CA(*host, server) })
		host.Credential, errs[0] = r.Mint(ctx, key, target)
		elsewhere = target.API != nil
	}
	if mint(0); elsewhere {
		r.Further.retry(ctx, errs, mint)
	}
	return errs[0]
}

// namespaces adds the namespaces that the account may list, and the named ones, to res. list returns the clusters of
// one, from a request that is made already if there is one.
func (r FindRequest) namespaces(ctx context.Context, api *supervisor.API, res *Result) (list func(Namespace) ([]supervisor.Cluster, error), err error) {
	var beside sync.WaitGroup
	ahead := &prefetch{api: api, lists: map[string]map[string][]supervisor.Cluster{}, forbidden: map[string]error{}}
	if !r.Clusters.none() {
		beside.Go(func() { api.Prepare(ctx) })
		asked := append([]string{""}, r.Namespaces...)
		if len(r.Known) <= MaxInFlight/2 {
			asked = append(asked, r.Known...)
		}
		slices.Sort(asked)
		for _, ns := range slices.Compact(asked) {
			beside.Go(func() { ahead.look(ctx, ns) })
		}
	}
	names, err := api.Namespaces(ctx)
	beside.Wait()
	switch {
	case errors.Is(err, wire.ErrForbidden):
		res.NamespacesHidden = true
	case err != nil:
		return nil, fmt.Errorf("list namespaces: %w", err)
	}
	for _, name := range r.Namespaces {
		if err == nil && !slices.Contains(names, name) && !supervisor.OfSystem(name) {
			res.Absent = append(res.Absent, name)
			continue
		}
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		res.Namespaces = append(res.Namespaces, Namespace{Name: name, Host: res.Hosts[0]})
	}
	return func(ns Namespace) ([]supervisor.Cluster, error) { return ahead.clusters(ctx, ns.Name) }, nil
}

// prefetch holds lists of clusters that were asked for before it was known whether the account may list them.
type prefetch struct {
	api *supervisor.API

	mu        sync.Mutex
	lists     map[string]map[string][]supervisor.Cluster // by the namespace of the request; "" is a request for all
	forbidden map[string]error                           // by namespace
}

func (p *prefetch) look(ctx context.Context, ns string) {
	list, err := p.api.UsualClusters(ctx, ns)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err == nil:
		p.lists[ns] = list
	case errors.Is(err, wire.ErrForbidden): // Rights do not depend on the version.
		p.forbidden[ns] = err
	} // Another error: clusters asks again, in full.
}

func (p *prefetch) clusters(ctx context.Context, ns string) ([]supervisor.Cluster, error) {
	for _, asked := range []string{"", ns} {
		if list, ok := p.lists[asked]; ok {
			return list[ns], nil
		}
	}
	if err := p.forbidden[ns]; err != nil {
		return nil, err
	}
	return p.api.Clusters(ctx, ns)
}

// targets asks for the target of each cluster.
func (r FindRequest) targets(ctx context.Context, api *supervisor.API, wanted []*candidate, res *Result) {
	var done atomic.Int64
	base := Request{Progress: r.Progress}
	found, errs := make([]endpointOf, len(wanted)), make([]error, len(wanted))
	ask := func(i int) { found[i], errs[i] = r.clusterEndpoint(ctx, api, wanted[i]) }
	each(len(wanted), func(i int) {
		ask(i)
		base.progress(StepClusters, int(done.Add(1)), len(wanted))
	})
	r.Untrusted.retry(ctx, errs, ask)
	for i, c := range wanted {
		c.err = r.target(c, found[i], errs[i])
	}
	settleClusters(wanted, r.User, res)
}

// endpointOf is a cluster with its endpoint, as far as it is known.
type endpointOf struct {
	supervisor.Cluster
	supervisor.Endpoint
}

// clusterEndpoint asks for a cluster's endpoint.
func (r FindRequest) clusterEndpoint(ctx context.Context, api *supervisor.API, c *candidate) (e endpointOf, err error) {
	e.Cluster = supervisor.Cluster{Namespace: c.ns.Name, Name: c.name, UID: c.uid}
	if c.guess != nil {
		if e.Cluster, err = api.Cluster(ctx, c.ns.Name, c.name); errors.Is(err, wire.ErrNotFound) {
			return e, errUnknown
		}
		if err != nil {
			return e, err
		}
	}
	e.Endpoint, err = r.endpoint(ctx, api, e.Cluster)
	return e, err
}

// target sets the result of a cluster from the answer to ask. A cluster that should tell its CA itself and did not is in the result all
// the same, beside the error, unless its earlier target still holds.
func (r FindRequest) target(c *candidate, e endpointOf, err error) error {
	if errors.Is(err, supervisor.ErrNoEndpoint) {
		return ErrNoEndpoint
	}
	if err != nil && e.Server == "" {
		return err
	}
	key := c.key(r.User)
	t := tokens.Target{Audience: Audience(c.name, e.UID), Server: e.Server, CA: string(e.CA), CAUnknown: err != nil}
	if last, ok := r.Last(key); ok && err != nil && last.Audience == t.Audience && last.Server == t.Server && !last.CAUnknown {
		t, err = last, nil
	}
	err = NoCA(err)
	c.result = Cluster{Namespace: c.ns.Name, Name: c.name, URL: t.Server, CA: []byte(t.CA), Credential: tokens.Credential{Key: key, Target: &t}}
	return err
}
