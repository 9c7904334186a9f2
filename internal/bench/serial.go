package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// timeout includes the time in which a request waits for those before it.
const timeout = time.Minute

// requests is the login of package login to a server, as a user, with a CA file. It saves nothing, so the program that is compared with it
// does more. A serial one sends one request at a time over one connection.
func requests(ctx context.Context, serial bool, args []string) error {
	request, err := newRequest(serial, args)
	if err != nil {
		return err
	}
	res, err := login.Do(ctx, request)
	if err != nil {
		return err
	}
	for _, f := range res.Failures {
		err = errors.Join(err, fmt.Errorf("%s: %w", f.What, f.Err))
	}
	return err
}

// newRequest returns a login to a server, as a user, with a CA file.
func newRequest(serial bool, args []string) (login.Request, error) {
	server, user, ca := args[0], args[1], args[2]
	address, err := supervisor.ParseAddress(server)
	if err != nil {
		return login.Request{}, err
	}
	t, err := trust.FromFile(context.Background(), ca)
	if err != nil {
		return login.Request{}, err
	}
	options := trust.Options{Timeout: timeout, MaxConns: login.MaxInFlight}
	if serial {
		options.MaxConns = 1
	}
	client, err := t.Client(options)
	if err != nil {
		return login.Request{}, err
	}
	if serial {
		client.Transport = &oneAtATime{next: client.Transport}
	}
	return login.Request{
		Wire: &wire.Client{HTTP: client, Timeout: timeout}, Server: address, User: user,
		Password: disclose.SupervisorAt(server).Hold(disclose.Password, redact.Secret(os.Getenv("KUBECTL_VSPHERE_PASSWORD"))),
	}, nil
}

// oneAtATime starts a request after the reply to the request before it was read.
type oneAtATime struct {
	mu   sync.Mutex
	next http.RoundTripper
}

// Unwrap returns the transport within (trust.Verifies).
func (o *oneAtATime) Unwrap() http.RoundTripper { return o.next }

// RoundTrip implements http.RoundTripper.
func (o *oneAtATime) RoundTrip(r *http.Request) (*http.Response, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	resp, err := o.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, errors.Join(err, resp.Body.Close())
	}
	whole := io.NopCloser(bytes.NewReader(body))
	err, resp.Body = resp.Body.Close(), whole
	return resp, err
}

// lists lists the clusters of all namespaces, as a program does that knows the namespaces and asks for one after the other: the two kinds
// of objects that stand for clusters, of each namespace, as tables, with one request at a time over one connection. The last argument is the
// port of the API server.
func lists(ctx context.Context, args []string) error {
	port, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	none, err := login.ParseSelection("none")
	if err != nil {
		return err
	}
	request, err := newRequest(true, args)
	if err != nil {
		return err
	}
	request.Clusters = none
	res, err := login.Do(ctx, request)
	if err != nil {
		return err
	}
	for _, h := range res.Hosts {
		token := disclose.SupervisorAt(h.Address.API(port)).Hold(disclose.SupervisorToken, h.Credential.Token)
		server := kubeapi.New(func(ctx context.Context, r wire.Request) ([]byte, error) {
			r.URL, r.Bearer = h.Address.API(port)+r.URL, token
			return request.Wire.Do(ctx, r)
		})
		for _, ns := range res.Namespaces {
			for _, kind := range []kubeapi.Resource{tkg.ClusterResource, tkg.TanzuClusterResource} {
				if err := server.List(ctx, kubeapi.Query{Resource: kind, Namespace: ns.Name}, func(o kubeapi.Object) { _ = tkg.ClusterFactsOf(o) }); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
