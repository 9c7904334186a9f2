package client

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"

	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/rest"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// errInsecure is the error of a transport that verifies no certificates: this package sends nothing over such a one.
var errInsecure = errors.New("the certificate of the API server would not be verified")

// transport adds the session's credential to requests. After a 401 it renews, and sends the request again: an API server
// that does not know the caller has done nothing.
type transport struct {
	*Session
	next http.RoundTripper

	mu          sync.Mutex
	certificate string // of own
	own         *http.Transport
}

var _ utilnet.RoundTripperWrapper = (*transport)(nil)

// WrappedRoundTripper returns the transport without the credential, as client-go needs it for upgrades.
func (t *transport) WrappedRoundTripper() http.RoundTripper { return t.next }

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	credential, err := t.source.get(r.Context())
	if err != nil {
		return nil, closed(r, explained(err, t.step))
	}
	resp, err := t.send(r, credential)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	again, fresh, ok := t.again(r, credential)
	if !ok { // The answer of the API server says more.
		return resp, nil
	}
	_, _ = io.CopyN(io.Discard, resp.Body, 4<<10) // Then the connection can be used again.
	_ = resp.Body.Close()
	return t.send(again, fresh)
}

// again returns a request once more, with another credential. It renews also if the request cannot be sent again: the next one can.
func (t *transport) again(r *http.Request, refused tokens.Credential) (again *http.Request, fresh tokens.Credential, ok bool) {
	fresh, err := t.source.instead(r.Context(), refused)
	again, replayable := replay(r)
	return again, fresh, err == nil && replayable
}

// closed closes the body of a request that is not sent, as http.RoundTripper requires.
func closed(r *http.Request, err error) error {
	if r.Body != nil {
		_ = r.Body.Close()
	}
	return err
}

// replay returns a request that can be sent again.
func replay(r *http.Request) (again *http.Request, ok bool) {
	again = r.Clone(r.Context())
	if r.Body == nil || r.Body == http.NoBody {
		return again, true
	}
	if r.GetBody == nil {
		return nil, false
	}
	body, err := r.GetBody()
	again.Body = body
	return again, err == nil
}

// send sends a request with a credential, if its server may have that.
func (t *transport) send(r *http.Request, c tokens.Credential) (*http.Response, error) {
	if err := t.allowed(r.URL); err != nil {
		return nil, closed(r, err)
	}
	next, err := t.over(c)
	if err != nil {
		return nil, closed(r, err)
	}
	if c.Token == "" {
		return next.RoundTrip(r)
	}
	text, err := t.open(r.Context(), c.Token, r.URL.String())
	if err != nil {
		return nil, closed(r, err)
	}
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+text)
	return next.RoundTrip(r)
}

// allowed returns an error unless a request goes to the session's API server, verified. A redirect could lead elsewhere.
func (t *transport) allowed(u *url.URL) error {
	if !t.ground.Covers(u.String()) {
		return &disclose.RefusedError{Kind: t.kind, URL: u.String(), Reason: disclose.ErrNoGround}
	}
	if config, err := utilnet.TLSClientConfig(t.next); err != nil || config != nil && config.InsecureSkipVerify {
		return errors.Join(errInsecure, err)
	}
	return nil
}

// open returns the text of the token for a request.
func (t *transport) open(ctx context.Context, token Secret, address string) (string, error) {
	config, err := utilnet.TLSClientConfig(t.next)
	if err != nil {
		return "", err
	}
	w := &wire.Client{HTTP: trust.ClientOf(&http.Transport{TLSClientConfig: config})} // It is looked at, and sends nothing.
	return w.Open(ctx, t.ground.Hold(t.kind, token), address)
}

// over returns the transport for a credential: a certificate has one of its own.
func (t *transport) over(c tokens.Credential) (http.RoundTripper, error) {
	if c.Certificate == "" {
		return t.next, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.certificate == c.Certificate {
		return t.own, nil
	}
	pair, err := login.Certificate(c)
	if err != nil {
		return nil, err
	}
	config, err := rest.TLSConfigFor(&t.config)
	if err != nil {
		return nil, err
	}
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	config.Certificates = []tls.Certificate{*pair}
	proxy := t.config.Proxy
	if proxy == nil {
		proxy = http.ProxyFromEnvironment
	}
	if t.own != nil {
		t.own.CloseIdleConnections()
	}
	t.certificate = c.Certificate
	t.own = utilnet.SetTransportDefaults(&http.Transport{
		Proxy: proxy, DialContext: t.config.Dial, TLSClientConfig: config, MaxIdleConnsPerHost: connsPerHost, DisableCompression: t.config.DisableCompression,
	})
	return t.own, nil
}

// connsPerHost is what client-go has.
const connsPerHost = 25
