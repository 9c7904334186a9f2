package wire

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
)

// Checked is a transport for libraries that make requests and parse replies themselves, such as x/oauth2. A request to a server that Permit
// does not cover is not sent. A reply beyond the bounds of package bounded is an *Error of kind ErrServer.
type Checked struct {
	Next   http.RoundTripper
	Permit disclose.Permit
}

// RoundTrip reads the whole reply before it returns.
func (c Checked) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := c.Permit.Covers(r.URL.String()); err != nil {
		return nil, err
	}
	resp, err := c.Next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // Nothing is left to do about it.
	body, err := bounded.Read(resp.Body, resp.ContentLength, MaxBody)
	if err == nil {
		err = bounded.CheckJSON(body)
	}
	var exceeds *bounded.Error
	if errors.As(err, &exceeds) {
		return nil, &Error{Method: r.Method, URL: r.URL.String(), Kind: ErrServer, Message: "the reply " + exceeds.Reason}
	}
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}
