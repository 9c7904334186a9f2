package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// loginHosts gets a credential of the Supervisor and of every distinct control plane host in workloads, and adds
// hosts and namespaces to res. The Supervisor's comes first and alone: a site may list workloads and refuse logins,
// and vCenter counts refusals. The others get the password as Request.Allow says. It fails only when no host accepted
// the account.
func (r Request) loginHosts(ctx context.Context, workloads []supervisor.Workload, res *Result) error {
	hosts, err := r.hostsOf(workloads)
	if err != nil {
		return err
	}
	errs, apis := make([]error, len(hosts)), make([]apiServer, len(hosts))
	defer func() {
		for _, api := range apis {
			api.stop()
		}
	}()
	apis[0].ask(ctx, r, hosts[0])
	allowed := newAllowance(1)
	one := func(i int) {
		errs[i] = allowed.do(ctx, func(ctx context.Context) error { return r.loginHost(ctx, &hosts[i], &apis[i]) })
	}
	one(0)
	if len(hosts) > 1 && r.Allow != nil {
		allowed.raise(r.Allow(len(hosts)))
	}
	each(len(hosts)-1, func(i int) { one(i + 1) })
	r.Untrusted.retry(ctx, errs, one)
	r.settleAPIs(ctx, hosts, errs, apis)
	res.refusals = allowed.seen()
	reached := map[string]Host{}
	for i, h := range hosts {
		if errs[i] != nil {
			res.Failures = append(res.Failures, Failure{What: h.Address.String(), Err: errs[i]})
			continue
		}
		reached[h.Address.Host] = h
		res.Hosts = append(res.Hosts, h)
	}
	if len(res.Hosts) == 0 {
		return errs[0]
	}
	for _, w := range workloads {
		if h, ok := reached[w.Host]; ok {
			res.Namespaces = append(res.Namespaces, Namespace{Name: w.Namespace, Host: h})
		}
	}
	return nil
}

// maxHosts bounds the control plane hosts of a vCenter: each gets a connection and the password, and a dead one takes its time.
const maxHosts = 200

// hostsOf lists the Supervisor, then every other control plane host, each once, on the port of the Supervisor's
// front.
func (r Request) hostsOf(workloads []supervisor.Workload) ([]Host, error) {
	hosts := []Host{{Address: r.Server}}
	for _, w := range workloads {
		i := slices.IndexFunc(hosts, func(h Host) bool { return h.Address.Host == w.Host })
		if i < 0 {
			a, err := r.Server.WithHost(w.Host)
			if err != nil {
				return nil, err
			}
			if len(hosts) == maxHosts {
				return nil, &wire.Error{
					Method: http.MethodGet, URL: r.Server.URL("/wcp/workloads"), Kind: wire.ErrServer,
					Message: fmt.Sprintf("the reply names more than %d control plane hosts", maxHosts),
				}
			}
			hosts = append(hosts, Host{Address: a})
			i = len(hosts) - 1
		}
		if hosts[i].APIPort == 0 {
			hosts[i].APIPort = w.APIPort
		}
	}
	return hosts, nil
}

// named returns the URLs of the control plane hosts that the Supervisor names.
func (r Request) named(workloads []supervisor.Workload) []string {
	hosts, _ := r.hostsOf(workloads) // loginHosts returns the error.
	var urls []string
	for _, h := range hosts {
		urls = append(urls, h.Address.URL(""))
	}
	return urls
}

// loginHost gets the Supervisor token of one host, and what there is to know about its API server. An API server is not asked before the
// certificate of its front is trusted.
func (r Request) loginHost(ctx context.Context, h *Host, api *apiServer) (err error) {
	var beside sync.WaitGroup
	beside.Go(func() {
		told := r.askCA(ctx, h)
		api.untold = told != nil
		var untrusted *trust.UntrustedError
		if !errors.As(told, &untrusted) {
			api.ask(ctx, r, *h)
		}
	})
	h.Credential, _, err = Mint(ctx, r.Wire, tokens.Key{Server: h.Address.String(), User: r.User}, r.Password)
	beside.Wait()
	return err
}

// infoTime bounds the wait for information that a login can do without.
const infoTime = 10 * time.Second

// askCA asks a host for the CA of its API server.
func (r Request) askCA(ctx context.Context, h *Host) (err error) {
	ctx, cancel := context.WithTimeout(ctx, infoTime)
	defer cancel()
	h.APICA, err = (&supervisor.Client{Wire: r.Wire, Address: h.Address}).APICA(ctx)
	return err
}

// retry decides about all servers whose CA is unknown at once. errs are the errors of requests; again repeats the request i, and replaces
// its error, if the server is trusted now. Else the error is that of the decision.
func (d Decide) retry(ctx context.Context, errs []error, again func(i int)) {
	if d == nil {
		return
	}
	var servers []UnknownServer
	of := map[string][]int{} // the requests to a server
	for i, err := range errs {
		var untrusted *trust.UntrustedError
		if !errors.As(err, &untrusted) || !untrusted.UnknownCA {
			continue
		}
		server := trust.ServerOf(untrusted.Host)
		if of[server] == nil {
			servers = append(servers, UnknownServer{server, untrusted})
		}
		of[server] = append(of[server], i)
	}
	if len(servers) == 0 {
		return
	}
	var trusted []int
	for k, err := range d(ctx, servers) {
		for _, i := range of[servers[k].Server] {
			if errs[i] = err; err == nil {
				trusted = append(trusted, i)
			}
		}
	}
	each(len(trusted), func(k int) { again(trusted[k]) })
}
