package login

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// loginHosts gets a credential of the Supervisor and of every distinct control plane host in workloads, and adds
// hosts and namespaces to res. The Supervisor's comes first and alone: a site may list workloads and refuse logins,
// and vCenter counts refusals. It fails only when no host accepted the account.
func (r Request) loginHosts(ctx context.Context, workloads []supervisor.Workload, res *Result) error {
	hosts, err := r.hostsOf(workloads)
	if err != nil {
		return err
	}
	errs := make([]error, len(hosts))
	var refusal breaker
	one := func(i int) { errs[i] = refusal.do(func() error { return r.loginHost(ctx, &hosts[i]) }) }
	one(0)
	each(len(hosts)-1, func(i int) { one(i + 1) })
	res.refusals = refusal.seen()
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

// loginHost gets the Supervisor token of one host, and the CA of its API server.
func (r Request) loginHost(ctx context.Context, h *Host) error {
	var asking errgroup.Group
	asking.Go(func() error { return r.askCA(ctx, h) })
	mint := func() (err error) {
		h.Credential, _, err = Mint(ctx, r.Wire, tokens.Key{Server: h.Address.String(), User: r.User}, r.Password)
		return err
	}
	err := r.retryTrusted(ctx, mint(), h.Address.URL(""), mint)
	caErr := asking.Wait()
	var untrusted *trust.UntrustedError
	if err == nil && errors.As(caErr, &untrusted) { // It is trusted by now.
		caErr = r.askCA(ctx, h)
	}
	if err != nil || caErr == nil || r.Untrusted == nil {
		return err
	}
	// Only the API server itself shows its certificate. Another error of it is for kubectl to report.
	url := h.Address.API(h.APIPort)
	greet := func() error {
		_, err := r.Wire.Do(ctx, wire.Request{Method: http.MethodGet, URL: url + "/version"})
		return err
	}
	if err := r.retryTrusted(ctx, greet(), url, greet); errors.As(err, &untrusted) {
		return err
	}
	return nil
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

// retryTrusted repeats a request that failed with err, if the CA of the server at url was unknown and is trusted now.
func (r Request) retryTrusted(ctx context.Context, err error, url string, again func() error) error {
	var untrusted *trust.UntrustedError
	if r.Untrusted == nil || !errors.As(err, &untrusted) || !untrusted.UnknownCA {
		return err
	}
	if err := r.Untrusted(ctx, trust.ServerOf(strings.TrimPrefix(url, "https://")), untrusted); err != nil {
		return err
	}
	return again()
}
