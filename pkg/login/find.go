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
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// FindRequest is a look at what a session of an identity provider may use at a Supervisor.
type FindRequest struct {
	*Federated
	User     string
	Clusters Selection
	// Namespaces are looked at beside those that the Supervisor lists.
	Namespaces []string
	// Known are namespaces of an earlier login: their clusters are asked for while the Supervisor lists what there is now, unless
	// they are too many to be under way beside that.
	Known []string
	// Last is where a cluster was at an earlier login, if it was found then.
	Last  func(tokens.Key) (tokens.Target, bool)
	APICA []byte // of the Supervisor's API server, as Supervisor.APICA told; nil: not told
	// CA decides what an API server of the Supervisor is verified by (PEM).
	CA func(Host) []byte
	// Untrusted and Progress are as in Request.
	Untrusted func(ctx context.Context, server string, e *trust.UntrustedError) error
	Progress  func(step Step, done, total int)
}

// Find mints the Supervisor's credential and asks its API for namespaces and clusters. Nothing is asked of a cluster, unless the
// Supervisor does not tell its CA: the credential of each is minted when it is used first, and until then has a target only. An
// error means that the Supervisor itself could not be used.
func (r FindRequest) Find(ctx context.Context) (*Result, error) {
	base := Request{Clusters: r.Clusters, Progress: r.Progress, Untrusted: r.Untrusted}
	base.progress(StepNamespaces, 0, 0)
	host := Host{Address: r.Front.Address, APICA: r.APICA}
	var err error
	host.Credential, err = r.Mint(ctx, tokens.Key{Server: host.Address.String(), User: r.User}, r.SupervisorTarget(r.CA(host)))
	if err != nil {
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

// namespaces are those that the account may list, and those that were named. list gives the clusters of one, which may be there
// already.
func (r FindRequest) namespaces(ctx context.Context, api *supervisor.API, res *Result) (list func(Namespace) ([]supervisor.Cluster, error), err error) {
	var beside sync.WaitGroup
	early := &early{api: api, lists: map[string]map[string][]supervisor.Cluster{}, none: map[string]error{}}
	if !r.Clusters.none() {
		beside.Go(func() { api.Prepare(ctx) })
		asked := append([]string{""}, r.Namespaces...)
		if len(r.Known) <= MaxInFlight/2 {
			asked = append(asked, r.Known...)
		}
		slices.Sort(asked)
		for _, ns := range slices.Compact(asked) {
			beside.Go(func() { early.look(ctx, ns) })
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
	names = append(names, r.Namespaces...)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		res.Namespaces = append(res.Namespaces, Namespace{Name: name, Host: res.Hosts[0]})
	}
	return func(ns Namespace) ([]supervisor.Cluster, error) { return early.clusters(ctx, ns.Name) }, nil
}

// early are lists of clusters that were asked for before it was known whether they can be had.
type early struct {
	api *supervisor.API

	mu    sync.Mutex
	lists map[string]map[string][]supervisor.Cluster // by what was asked for: a namespace, or "" for all
	none  map[string]error                           // by namespace: its clusters may not be listed
}

func (e *early) look(ctx context.Context, ns string) {
	list, err := e.api.UsualClusters(ctx, ns)
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case err == nil:
		e.lists[ns] = list
	case errors.Is(err, wire.ErrForbidden): // Rights do not depend on the version.
		e.none[ns] = err
	} // Else it is asked for again, in due form.
}

func (e *early) clusters(ctx context.Context, ns string) ([]supervisor.Cluster, error) {
	for _, asked := range []string{"", ns} {
		if list, ok := e.lists[asked]; ok {
			return list[ns], nil
		}
	}
	if err := e.none[ns]; err != nil {
		return nil, err
	}
	return e.api.Clusters(ctx, ns)
}

// targets asks where each cluster is.
func (r FindRequest) targets(ctx context.Context, api *supervisor.API, wanted []*candidate, res *Result) {
	var done atomic.Int64
	base := Request{Progress: r.Progress, Untrusted: r.Untrusted}
	each(len(wanted), func(i int) {
		c := wanted[i]
		c.err = r.target(ctx, api, c)
		base.progress(StepClusters, int(done.Add(1)), len(wanted))
	})
	settleClusters(wanted, r.User, res)
}

// target is where a cluster is. One that was to tell its CA itself and did not is there all the same, beside the error, unless what was
// known of it still holds.
func (r FindRequest) target(ctx context.Context, api *supervisor.API, c *candidate) error {
	found := supervisor.Cluster{Namespace: c.ns.Name, Name: c.name, UID: c.uid}
	var err error
	if c.guess != nil {
		if found, err = api.Cluster(ctx, c.ns.Name, c.name); errors.Is(err, wire.ErrNotFound) {
			return errUnknown
		}
		if err != nil {
			return err
		}
	}
	var e supervisor.Endpoint
	ask := func() (err error) { e, err = r.endpoint(ctx, api, found); return err }
	if err = ask(); err != nil {
		var untrusted *trust.UntrustedError
		if errors.As(err, &untrusted) {
			err = Request{Untrusted: r.Untrusted}.meet(ctx, err, "https://"+untrusted.Host, ask)
		}
	}
	if errors.Is(err, supervisor.ErrNoEndpoint) {
		return ErrNoEndpoint
	}
	if err != nil && e.Server == "" {
		return err
	}
	key := c.key(r.User)
	t := tokens.Target{Audience: Audience(c.name, found.UID), Server: e.Server, CA: string(e.CA), CAUnknown: err != nil}
	if last, ok := r.Last(key); ok && err != nil && last.Audience == t.Audience && last.Server == t.Server && !last.CAUnknown {
		t, err = last, nil
	}
	err = NoCA(err)
	c.result = Cluster{Namespace: c.ns.Name, Name: c.name, URL: t.Server, CA: []byte(t.CA), Credential: tokens.Credential{Key: key, Target: &t}}
	return err
}
