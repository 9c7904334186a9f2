// Package login turns a proven account into everything it may use at a site: the control plane hosts, the vSphere
// Namespaces and the TKG clusters, with a credential for each. It talks to the network, stores nothing and prints
// nothing.
//
// The order of requests is the closed plugin's (GET /wcp/workloads, then POST /wcp/login for each control plane
// host), so that one request proves the password before anything runs in parallel: vCenter locks an account after
// five refusals.
package login

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// MaxInFlight bounds the requests under way at once: enough to hide a slow identity service, few enough not to look
// like an attack.
const MaxInFlight = 16

// Request is one login.
type Request struct {
	Wire     *wire.Client
	Server   supervisor.Address
	User     string
	Password disclose.Secret // on the ground of the Supervisor
	Clusters Selection
	// Namespaces are named by the user. The Supervisor lists all of the user's, so they only become Result.Absent.
	Namespaces []string
	// APIPort is the port of the API servers, as the user says; 0: their own, or the front's where they do not answer.
	APIPort int
	// Untrusted, if set, decides about servers beyond the first one whose CA is unknown, before anything is sent to
	// them.
	Untrusted Decide
	// Guard, if set, decides how often the password goes out once the Supervisor has accepted it. nil: until one other
	// host gives no yes.
	Guard Guard
	// Progress, if set, learns the step under way and how much of it is done; total is 0 where that is not known.
	// Several goroutines may call it.
	Progress func(step Step, done, total int)
	// Reached, if set, is called with the control plane hosts that accepted the account, before any cluster is asked for.
	Reached func(hosts []Host)
	// Minted, if set, gets the credential of each cluster while others are under way, one after the other.
	Minted func(c tokens.Credential)
}

// Guard is the part of a secret.Guard that a login needs.
type Guard interface {
	// Settle is called once the Supervisor itself has accepted the password.
	Settle()
	// Further is called before hosts that the Supervisor names get the password.
	Further(ctx context.Context, hosts []string) secret.Further
	// Repeat calls send, which sends the password to a host that has accepted it.
	Repeat(ctx context.Context, send func(context.Context) error) error
}

// UnknownServer is a server of the site whose CA is unknown.
type UnknownServer struct {
	Server string // HOST:PORT
	*trust.UntrustedError
}

// Decide decides about servers whose CA is unknown, all at once, so that a person may be asked about them together. It
// returns an error for each; nil means that the server is trusted from now on.
type Decide func(ctx context.Context, all []UnknownServer) []error

// Step is a part of a login, in words for people.
type Step string

// The steps, in their order.
const (
	StepNamespaces Step = "Getting namespaces"
	StepHosts      Step = "Logging in to control plane hosts"
	StepList       Step = "Listing clusters"
	StepClusters   Step = "Getting cluster credentials"
)

func (r Request) progress(step Step, done, total int) {
	if r.Progress != nil {
		r.Progress(step, done, total)
	}
}

// Host is a control plane host that accepted the account.
type Host struct {
	Address    supervisor.Address
	APIPort    int        // of the API server as it is used (Settle); 0: 6443
	Instead    *PortError // nil, unless the front takes the place of the API server
	Silent     *PortError // nil, unless nothing answers at the port that the user says
	APICA      []byte     // PEM, by which the API server is verified; nil when the Supervisor does not say
	ByAPICA    bool       // the API server showed a certificate of that CA, and of no other that is trusted
	Credential tokens.Credential
}

// Namespace is a vSphere Namespace on one of the hosts.
type Namespace struct {
	Name string
	Host Host
}

// Cluster is a TKG cluster with the credential that its API server accepts.
type Cluster struct {
	Namespace, Name string
	Server          string // bare host, from the Supervisor
	URL             string // of the API server, if the Supervisor gave that instead
	CA              []byte // PEM
	Credential      tokens.Credential
}

// Ref returns the name that a user gives it.
func (c Cluster) Ref() Ref { return Ref{Namespace: c.Namespace, Name: c.Name} }

// Failure is a part of a site that could not be logged in to.
type Failure struct {
	// What is a host, a namespace or NAMESPACE/CLUSTER.
	What string
	Err  error

	pending *Cluster // a cluster that has no address yet
}

// Result is all that one login reached. Failures are the parts that did not work; Unlisted are the namespaces whose
// clusters this account may not list, as some sites configure it.
type Result struct {
	Hosts      []Host // the Supervisor first
	Namespaces []Namespace
	Clusters   []Cluster
	Failures   []Failure
	Unlisted   []string
	// NamespacesHidden means that the account may not list namespaces, so that there may be more of them.
	NamespacesHidden bool
	// Absent are namespaces that the user named, and that the complete list of the account lacks.
	Absent []string
	// Single means an API server by itself, without a Supervisor.
	Single bool
}

// Credentials lists every credential of the result.
func (r *Result) Credentials() []tokens.Credential {
	var all []tokens.Credential
	for _, h := range r.Hosts {
		all = append(all, h.Credential)
	}
	for _, c := range r.Clusters {
		all = append(all, c.Credential)
	}
	return all
}

// Rename gives all credentials of the result the name under which a session keeps them: the user may have typed another spelling.
func (r *Result) Rename(user string) {
	for i := range r.Hosts {
		r.Hosts[i].Credential.Key.User = user
	}
	for i := range r.Namespaces {
		r.Namespaces[i].Host.Credential.Key.User = user
	}
	for i := range r.Clusters {
		r.Clusters[i].Credential.Key.User = user
	}
}

// Do logs in. An error means that nothing was reached: the password is wrong (wire.ErrRefused), or the Supervisor
// does not answer. Then nothing is proven, also if the list of namespaces came: a front may give it without asking vCenter. Parts that
// failed beside others that work are in Result.Failures.
func Do(ctx context.Context, r Request) (*Result, error) {
	r.Wire = r.Wire.AtMost(MaxInFlight)
	client := &supervisor.Client{Wire: r.Wire, Address: r.Server}
	r.progress(StepNamespaces, 0, 0)
	workloads, invalid, err := client.Workloads(ctx, r.User, r.Password)
	if err != nil {
		return nil, fmt.Errorf("get available workloads: %w", err)
	}
	r.Password = r.Password.On(func(g disclose.Ground) disclose.Ground { return g.Naming(r.named(workloads)...) })
	res := &Result{Absent: slices.DeleteFunc(slices.Clone(r.Namespaces), func(name string) bool {
		return slices.ContainsFunc(workloads, func(w supervisor.Workload) bool { return w.Namespace == name })
	})}
	for _, err := range invalid {
		res.Failures = append(res.Failures, Failure{What: r.Server.String(), Err: err})
	}
	r.progress(StepHosts, 0, 0)
	if err := r.loginHosts(ctx, workloads, res); err != nil {
		return nil, err
	}
	if r.Reached != nil {
		r.Reached(res.Hosts)
	}
	if !r.Clusters.none() {
		r.progress(StepList, 0, 0)
		wanted := r.findClusters(ctx, res)
		r.mintClusters(ctx, wanted, res)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return res, nil
}

// each runs fn for 0..n-1 with at most MaxInFlight under way and waits for all of them.
func each(n int, fn func(i int)) {
	var g errgroup.Group
	g.SetLimit(MaxInFlight)
	for i := range n {
		g.Go(func() error { fn(i); return nil })
	}
	_ = g.Wait()
}

// errNotTried is the reason of a part that was skipped after a refusal elsewhere.
var errNotTried = errors.New("not tried, since the same password was refused a moment ago")

// breaker stops a parallel batch after the first refusal. A password that worked a moment ago and is refused now was
// changed, or its account is locked: sending it again would only prolong the lock.
type breaker struct{ refused atomic.Bool }

// do runs fn unless a refusal was seen, and remembers a refusal by fn.
func (b *breaker) do(fn func() error) error {
	if b.refused.Load() {
		return errNotTried
	}
	err := fn()
	if errors.Is(err, wire.ErrRefused) {
		b.refused.Store(true)
	}
	return err
}

// again sends the password once more to a host that has accepted it, as the guard says.
func (r Request) again(ctx context.Context, b *breaker, send func(context.Context) error) error {
	return b.do(func() error {
		if r.Guard == nil {
			return send(ctx)
		}
		return r.Guard.Repeat(ctx, send)
	})
}
