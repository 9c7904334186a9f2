package supervisor

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// answerTime bounds the wait for an API server: a firewall that drops packets never answers.
const answerTime = 2 * time.Second

// Answers asks whether the API server answers at a port of the host; 0 is 6443. VMware's list of ports opens 443 alone to clients, so that
// 6443 may be filtered. It sends no credentials, and any answer of an API server counts, also a refusal. The error is a
// *trust.UntrustedError, or one of package wire: nobody answers, or something else does, such as the page of a proxy.
func (c *Client) Answers(ctx context.Context, port int) error {
	url := c.Address.API(port) + "/version"
	odd := func(status int) error {
		return &wire.Error{Method: http.MethodGet, URL: url, Status: status, Kind: wire.ErrServer, Message: "the answer is not that of an API server"}
	}
	w := &wire.Client{HTTP: c.Wire.HTTP, Timeout: answerTime}
	if c.Wire.Timeout > 0 {
		w.Timeout = min(answerTime, c.Wire.Timeout)
	}
	body, err := w.Do(ctx, wire.Request{Method: http.MethodGet, URL: url, Failed: func(r *http.Response, body []byte) error {
		if status := r.StatusCode; status < 400 || isPage(body) || status >= 500 && !json.Valid(body) {
			return odd(status)
		}
		return nil
	}})
	if err == nil && isPage(body) {
		return odd(http.StatusOK)
	}
	return err
}
