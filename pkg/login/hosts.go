package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/secret"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// loginHosts gets a credential of the Supervisor and of every distinct control plane host in workloads, and adds
// hosts and namespaces to res. The Supervisor's comes first and alone: a site may list workloads and refuse logins,
// and vCenter counts refusals. The others get the password as Request.Guard says. It fails when the Supervisor does not accept the account.
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
	if err := r.loginFirst(ctx, &hosts[0], &apis[0]); err != nil {
		return err
	}
	if r.Guard != nil {
		r.Guard.Settle()
	}
	r.reachHosts(ctx, hosts[1:], apis[1:], errs[1:])
	r.loginFurther(ctx, hosts[1:], errs[1:])
	r.settleAPIs(ctx, hosts, errs, apis)
	reached := map[string]Host{}
	for i, h := range hosts {
		if errs[i] != nil {
			res.Failures = append(res.Failures, Failure{What: h.Address.String(), Err: errs[i]})
			continue
		}
		reached[h.Address.Host] = h
		res.Hosts = append(res.Hosts, h)
	}
	for _, w := range workloads {
		if h, ok := reached[w.Host]; ok {
			res.Namespaces = append(res.Namespaces, Namespace{Name: w.Namespace, Host: h})
		}
	}
	return nil
}

// reachHosts asks each host for the CA of its API server, and the API server whether it answers. Then it decides about hosts that are not
// trusted. This happens before any host gets the password: other processes wait while a password is under way, and should not wait for a
// host that is down.
func (r Request) reachHosts(ctx context.Context, hosts []Host, apis []apiServer, errs []error) {
	reach := func(i int) {
		var connected atomic.Bool
		traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
		err := r.askCA(traced, &hosts[i])
		apis[i].untold, errs[i] = err != nil, nil
		var untrusted *trust.UntrustedError
		if errors.As(err, &untrusted) || !connected.Load() && errors.Is(err, wire.ErrUnreachable) {
			errs[i] = err
			return
		}
		apis[i].ask(ctx, r, hosts[i])
	}
	each(len(hosts), reach)
	r.Untrusted.retry(ctx, errs, reach)
}

// loginFurther gets the Supervisor tokens of hosts that were reached: those without an error.
func (r Request) loginFurther(ctx context.Context, hosts []Host, errs []error) {
	of, names := map[string]int{}, []string{}
	for i, h := range hosts {
		if errs[i] == nil {
			name := h.Address.String()
			of[name], names = i, append(names, name)
		}
	}
	if len(names) == 0 {
		return
	}
	further := secret.Further{Allowed: 1, Servers: names, Done: func(map[string]bool) {}}
	if r.Guard != nil {
		further = r.Guard.Further(ctx, names)
	}
	allowed := newAllowance(further.Allowed)
	defer func() { further.Done(allowed.answers) }()
	for name, err := range further.Withheld {
		errs[of[name]] = err
	}
	each(len(further.Servers), func(k int) {
		name := further.Servers[k]
		errs[of[name]] = allowed.do(ctx, name, func(ctx context.Context) error { return r.loginHost(ctx, &hosts[of[name]]) })
	})
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

// loginFirst gets the Supervisor token of a host, and what there is to know about its API server.
func (r Request) loginFirst(ctx context.Context, h *Host, api *apiServer) error {
	api.ask(ctx, r, *h)
	var asking sync.WaitGroup
	asking.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, infoTime)
		defer cancel()
		api.untold = r.askCA(ctx, h) != nil
	})
	err := r.loginHost(ctx, h)
	asking.Wait()
	return err
}

// loginHost gets the Supervisor token of a host.
func (r Request) loginHost(ctx context.Context, h *Host) (err error) {
	h.Credential, _, err = Mint(ctx, r.Wire, tokens.Key{Server: h.Address.String(), User: r.User}, r.Password)
	return err
}

// infoTime bounds the wait for information that a login can do without.
const infoTime = 10 * time.Second

// askCA asks a host for the CA of its API server.
func (r Request) askCA(ctx context.Context, h *Host) (err error) {
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
