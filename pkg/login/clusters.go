package login

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/sso"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/order"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// candidate is a cluster to log in to: from a list, or named by the user where lists are forbidden.
type candidate struct {
	ns     Namespace
	name   string
	uid    string // of one from a list
	guess  *Ref   // the name from the user, when only a login shows whether it exists
	result Cluster
	err    error
}

// findClusters lists the clusters of every namespace with the token of its host, as find does.
func (r Request) findClusters(ctx context.Context, res *Result) []*candidate {
	apis := r.APIs(res)
	return r.find(res, func(ns Namespace) ([]supervisor.Cluster, error) {
		return apis[ns.Host.Address].Clusters(ctx, ns.Name)
	})
}

// find lists the clusters of every namespace and narrows them to the selection. A cluster that the user named and
// that does not exist becomes a failure.
func (r Request) find(res *Result, list func(Namespace) ([]supervisor.Cluster, error)) []*candidate {
	lists := make([][]supervisor.Cluster, len(res.Namespaces))
	errs := make([]error, len(res.Namespaces))
	each(len(res.Namespaces), func(i int) {
		lists[i], errs[i] = list(res.Namespaces[i])
	})
	var listed []*candidate
	var closed []Namespace
	for i, ns := range res.Namespaces {
		switch {
		case errors.Is(errs[i], wire.ErrForbidden):
			res.Unlisted = append(res.Unlisted, ns.Name)
			closed = append(closed, ns)
		case errs[i] != nil:
			res.Failures = append(res.Failures, Failure{What: ns.Name, Err: fmt.Errorf("list its clusters: %w", errs[i])})
			closed = append(closed, ns)
		}
		for _, c := range lists[i] {
			listed = append(listed, &candidate{ns: ns, name: c.Name, uid: c.UID})
		}
	}
	return r.Clusters.choose(listed, closed, res)
}

// APIs returns an API for each host, so that each learns only once which API versions are served.
func (r Request) APIs(res *Result) map[supervisor.Address]*supervisor.API {
	apis := map[supervisor.Address]*supervisor.API{}
	for _, h := range res.Hosts {
		token := disclose.SupervisorAt(h.Address.URL("")).Hold(disclose.SupervisorToken, h.Credential.Token) // The host gave it.
		apis[h.Address] = (&supervisor.Client{Wire: r.Wire, Address: h.Address}).As(token)
	}
	return apis
}

// choose narrows the listed clusters to the selection. closed are namespaces that could not be listed: a cluster that
// the user named is looked for there by logging in to it.
func (s Selection) choose(listed []*candidate, closed []Namespace, res *Result) []*candidate {
	if s.only == nil {
		return listed
	}
	var chosen []*candidate
	for _, ref := range s.only {
		found := matching(listed, ref)
		switch {
		case len(found) == 1:
			if !slices.Contains(chosen, found[0]) { // It may be named as NAME and as NAMESPACE/NAME.
				chosen = append(chosen, found[0])
			}
		case len(found) > 1:
			res.Failures = append(res.Failures, Failure{What: ref.String(), Err: &AmbiguousError{Name: ref.Name, In: namespacesOf(found)}})
		default:
			guesses := guess(ref, closed)
			if len(guesses) == 0 {
				res.Failures = append(res.Failures, Failure{What: ref.String(), Err: &UnknownClusterError{Known: refsOf(listed)}})
			}
			chosen = append(chosen, guesses...)
		}
	}
	return chosen
}

func matching(listed []*candidate, ref Ref) []*candidate {
	var found []*candidate
	for _, c := range listed {
		if c.name == ref.Name && (ref.Namespace == "" || ref.Namespace == c.ns.Name) {
			found = append(found, c)
		}
	}
	return found
}

// mintClusters gets a credential for each candidate in parallel.
func (r Request) mintClusters(ctx context.Context, wanted []*candidate, res *Result) {
	var refusal breaker
	var done atomic.Int64
	minted := make(chan tokens.Credential, len(wanted)) // A request does not wait for what is done with the last one's credential.
	var taking sync.WaitGroup
	taking.Go(func() { r.take(ctx, minted) })
	each(len(wanted), func(i int) {
		c := wanted[i]
		if c.err = r.again(ctx, &refusal, func(ctx context.Context) error { return r.mint(ctx, c) }); c.err == nil {
			minted <- c.result.Credential
		}
		r.progress(StepClusters, int(done.Add(1)), len(wanted))
	})
	close(minted)
	taking.Wait()
	settleClusters(wanted, r.User, res)
}

// take calls Minted for each credential, until ctx ends.
func (r Request) take(ctx context.Context, minted <-chan tokens.Credential) {
	for c := range minted {
		if r.Minted != nil && ctx.Err() == nil {
			r.Minted(c)
		}
	}
}

// settleClusters adds the outcome of each candidate to the result.
func settleClusters(wanted []*candidate, user string, res *Result) {
	for _, c := range settleGuesses(wanted, res) {
		if c.err != nil {
			f := Failure{What: c.ref().String(), Err: c.err}
			if errors.Is(c.err, ErrNoEndpoint) {
				f.pending = &Cluster{Namespace: c.ns.Name, Name: c.name, Credential: tokens.Credential{Key: c.key(user)}}
			}
			res.Failures = append(res.Failures, f)
		}
		if c.result.Name != "" {
			res.Clusters = append(res.Clusters, c.result)
		}
	}
}

// mint logs in to one cluster at the control plane host of its namespace.
func (r Request) mint(ctx context.Context, c *candidate) (err error) {
	c.result, err = r.mintCluster(ctx, c.key(r.User))
	if errors.Is(err, ErrNoEndpoint) && c.guess != nil {
		return errUnknown
	}
	return err
}

func (r Request) mintCluster(ctx context.Context, key tokens.Key) (Cluster, error) {
	cred, reply, err := Mint(ctx, r.Wire, key, r.Password)
	if errors.Is(err, sso.ErrUnknownCluster) {
		err = ErrNoEndpoint
	}
	if err != nil {
		return Cluster{}, err
	}
	namespace, name, _ := strings.Cut(key.Cluster, "/")
	return Cluster{Namespace: namespace, Name: name, Server: reply.ClusterServer, CA: reply.ClusterCA, Credential: cred}, nil
}

func (c *candidate) ref() Ref { return Ref{Namespace: c.ns.Name, Name: c.name} }

func (c *candidate) key(user string) tokens.Key {
	return tokens.Key{Server: c.ns.Host.Address.String(), User: user, Cluster: c.ref().String()}
}

func namespacesOf(cs []*candidate) []string {
	var out []string
	for _, c := range cs {
		out = append(out, c.ns.Name)
	}
	slices.Sort(out)
	return out
}

func refsOf(cs []*candidate) []Ref {
	var out []Ref
	for _, c := range cs {
		out = append(out, c.ref())
	}
	order.By(out, func(a, b Ref) int {
		return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
	})
	return out
}
