// Package wire makes one bounded HTTP exchange, and gives an error both words and a kind: refused, forbidden,
// unreachable, not trusted, or a reply that is not as it should be. A reply is bounded in size, a redirect is not
// followed, and an error repeats a server's words only when they are harmless.
package wire

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// MaxBody bounds a reply, in bytes.
const MaxBody = bounded.MaxSize

// DefaultTimeout bounds an exchange whose client does not say otherwise.
const DefaultTimeout = 30 * time.Second

// UserAgent is how every request names its sender (RFC 9110, section 10.1.5).
const UserAgent = "kubectl-vsphere"

// Client makes exchanges. HTTP must not follow redirects; trust.Trust.Client makes such a client.
type Client struct {
	HTTP    *http.Client
	Timeout time.Duration // for a whole exchange, body included; 0 is DefaultTimeout

	slots chan struct{} // one for each exchange under way; nil: no bound
}

// AtMost returns the client with a bound on the exchanges under way at once, over all hosts. Waiting for a slot does
// not count as time of the exchange.
func (c *Client) AtMost(n int) *Client {
	return &Client{HTTP: c.HTTP, Timeout: c.Timeout, slots: make(chan struct{}, n)}
}

// enter waits for a free slot until ctx ends.
func (c *Client) enter(ctx context.Context) error {
	if c.slots == nil {
		return nil
	}
	select {
	case c.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Client) leave() {
	if c.slots != nil {
		<-c.slots
	}
}

// Basic is HTTP Basic authentication (RFC 7617), in UTF-8.
type Basic struct {
	User     string
	Password disclose.Secret
}

// Request is one exchange. At most one of Basic and Bearer is sent, and only to a server that may have it (package disclose).
type Request struct {
	Method string
	URL    string
	Basic  *Basic
	Bearer disclose.Secret
	Body   []byte // JSON, or nil
	Accept string // application/json when empty
	// Header are further headers. Secrets are those of header and body: a reply may repeat them, an error must not.
	Header  http.Header
	Secrets []redact.Secret
	// Failed, if set, makes the error of a reply that is not 2xx, where a specification says what the body holds. It
	// must keep secrets out of the error itself.
	Failed func(resp *http.Response, body []byte) error
}

// Reply is a 2xx reply.
type Reply struct {
	Body []byte
	Date time.Time // the server's clock (RFC 9110, section 6.6.1), in whole seconds; zero without a Date header
	// Certificate is the server's; nil without TLS. The client decides how it is verified.
	Certificate *x509.Certificate
}

// Do is Exchange for callers that need only the body.
func (c *Client) Do(ctx context.Context, r Request) ([]byte, error) {
	reply, err := c.Exchange(ctx, r)
	return reply.Body, err
}

// Exchange sends the request and returns a 2xx reply. The error is an *Error, a *trust.UntrustedError, the result of
// Failed, a *disclose.RefusedError, or the context's error when that ended.
func (c *Client) Exchange(ctx context.Context, r Request) (Reply, error) {
	if err := c.enter(ctx); err != nil {
		return Reply{}, err
	}
	defer c.leave()
	timeout := c.timeout()
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	resp, err := c.send(ctx, limited, r)
	if err != nil {
		return Reply{}, err
	}
	defer resp.Body.Close() //nolint:errcheck // Nothing is left to do about it.
	body, err := bounded.Read(resp.Body, resp.ContentLength, MaxBody)
	var larger *bounded.Error
	if err == nil {
		// A server that sees us leave may end its reply properly in the middle.
		err = limited.Err()
	}
	switch {
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return Reply{}, r.statusError(resp, body)
	case errors.As(err, &larger):
		return Reply{}, &Error{Method: r.Method, URL: r.URL, Kind: ErrServer, Message: "the reply " + larger.Reason, Err: larger}
	case err != nil:
		return Reply{}, r.NetworkError(ctx, err, timeout)
	}
	date, _ := http.ParseTime(resp.Header.Get("Date"))
	reply := Reply{Body: body, Date: date}
	if resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0 {
		reply.Certificate = resp.TLS.PeerCertificates[0]
	}
	return reply, nil
}

// timeout is how long an exchange may take.
func (c *Client) timeout() time.Duration {
	if c.Timeout <= 0 {
		return DefaultTimeout
	}
	return c.Timeout
}

// send sends the request within limited, which is ctx, the caller's, with a bound.
func (c *Client) send(ctx, limited context.Context, r Request) (*http.Response, error) {
	req, err := r.build(limited, c)
	if err != nil {
		return nil, err
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return nil, r.NetworkError(ctx, err, c.timeout())
	}
	return resp, nil
}

// Permit decides whether a secret may go to the server of a URL by this client, as it verifies servers. The error is a
// *disclose.RefusedError.
func (c *Client) Permit(ctx context.Context, s disclose.Secret, url string) (disclose.Permit, error) {
	return s.Permit(url, disclose.Over{Verified: trust.Verifies(c.HTTP.Transport), Attended: disclose.IsAttended(ctx)})
}

// Open returns the text of a secret for the body or a header of a request to a URL. The error is a *disclose.RefusedError.
func (c *Client) Open(ctx context.Context, s disclose.Secret, url string) (string, error) {
	permit, err := c.Permit(ctx, s, url)
	if err != nil {
		return "", err
	}
	return permit.Open(s, url)
}

// authorize adds the proof of who sends the request.
func (c *Client) authorize(ctx context.Context, r Request, req *http.Request) error {
	switch {
	case r.Basic != nil:
		password, err := c.Open(ctx, r.Basic.Password, r.URL)
		if err != nil {
			return err
		}
		req.SetBasicAuth(r.Basic.User, password)
	case !r.Bearer.IsZero():
		token, err := c.Open(ctx, r.Bearer, r.URL)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return nil
}

func (r Request) build(ctx context.Context, c *Client) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return nil, errors.New("the address cannot be used in a URL")
	}
	accept := r.Accept
	if accept == "" {
		accept = "application/json"
	}
	req.Header.Set("Accept", accept)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", UserAgent)
	for name, values := range r.Header {
		req.Header[name] = values
	}
	return req, c.authorize(ctx, r, req)
}
