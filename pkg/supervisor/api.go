package supervisor

import (
	"context"
	"net/http"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// API reads the Kubernetes API of a Supervisor as one account.
type API struct {
	client *Client
	token  disclose.Secret
}

// As returns the Kubernetes API for the bearer of a token. With an empty token, the client certificate is the only
// proof.
func (c *Client) As(token disclose.Secret) *API { return &API{c, token} }

// get reads an object into a value. The error is of package wire.
func (a *API) get(ctx context.Context, url string, into any) error {
	body, err := a.client.Wire.Do(ctx, wire.Request{Method: http.MethodGet, URL: url, Bearer: a.token})
	if err != nil {
		return err
	}
	return wire.DecodeJSON(http.MethodGet, url, body, into)
}

// Do sends a request, whose URL is a path, as the account, and returns the body of the reply. The error is of package wire.
func (a *API) Do(ctx context.Context, r wire.Request) ([]byte, error) {
	r.URL, r.Bearer = a.client.api(r.URL), a.token
	return a.client.Wire.Do(ctx, r)
}
