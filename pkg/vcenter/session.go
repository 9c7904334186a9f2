package vcenter

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Login begins a session. It sends the password once. The error is wire.ErrRefused for a wrong password, or another one of package wire.
// Whoever logs in must End the session.
func (c *Client) Login(ctx context.Context, user string, password disclose.Secret) error {
	url := c.Address.URL(c.sessions)
	body, err := c.Wire.Do(ctx, wire.Request{Method: http.MethodPost, URL: url, Basic: &wire.Basic{User: user, Password: password}})
	if err != nil {
		return err
	}
	id, err := parseSession(url, body, c.sessions == oldSessionPath)
	if err != nil {
		return err
	}
	c.session = disclose.VCenterAt(c.Address.URL("")).Hold(disclose.VCenterSession, id)
	return nil
}

// idCharacters are those of a session's ID. Others could break out of a header line.
const idCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=:"

// maxID bounds a session's ID, in bytes. Known ones have 32.
const maxID = 4096

// parseSession reads the reply to a login: a JSON string, or below the older path an object around it.
func parseSession(url string, body []byte, old bool) (redact.Secret, error) {
	var id string
	var err error
	if old {
		var reply struct {
			Value string `json:"value"`
		}
		err = wire.DecodeJSON(http.MethodPost, url, body, &reply)
		id = reply.Value
	} else {
		err = wire.DecodeJSON(http.MethodPost, url, body, &id)
	}
	switch {
	case err != nil:
		return "", err
	case id == "" || len(id) > maxID || strings.Trim(id, idCharacters) != "":
		return "", &wire.Error{Method: http.MethodPost, URL: url, Kind: wire.ErrServer, Message: "the reply is no ID of a session"}
	}
	return redact.Secret(id), nil
}

// End ends the session, if there is one. It does so once.
func (c *Client) End(ctx context.Context) error {
	if c.session.IsZero() {
		return nil
	}
	_, err := c.do(ctx, http.MethodDelete, c.sessions)
	c.session = disclose.Secret{}
	return err
}

// do sends a request of the session.
func (c *Client) do(ctx context.Context, method, path string) ([]byte, error) {
	url := c.Address.URL(path)
	id, err := c.Wire.Open(ctx, c.session, url)
	if err != nil {
		return nil, err
	}
	return c.Wire.Do(ctx, wire.Request{
		Method: method, URL: url, Header: http.Header{"Vmware-Api-Session-Id": {id}}, Secrets: []redact.Secret{c.session.Redacted()},
	})
}

// get reads a path into out.
func (c *Client) get(ctx context.Context, path string, out any) error {
	body, err := c.do(ctx, http.MethodGet, path)
	if err != nil {
		return err
	}
	return wire.DecodeJSON(http.MethodGet, c.Address.URL(path), body, out)
}

// isClosed reports whether the user may not read something, or the vCenter does not have it.
func isClosed(err error) bool {
	return errors.Is(err, wire.ErrForbidden) || errors.Is(err, wire.ErrNotFound)
}
