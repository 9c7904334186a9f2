package oidc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// ErrNoDevice means that the issuer does not offer the device grant; Pinniped does not.
var ErrNoDevice = errors.New("the issuer does not offer the device flow")

// DeviceCode is the code that a person types into a browser on any machine.
type DeviceCode struct {
	URL      string // of the page to type it into
	Code     string
	Complete string    // the same page with the code filled in; may be empty
	Until    time.Time // when it ends, by our clock
}

// deviceReply is the answer to a device authorization request (RFC 8628, section 3.2).
type deviceReply struct {
	Device   redact.Stored `json:"device_code"`
	Code     string        `json:"user_code"`
	URL      string        `json:"verification_uri"`
	Google   string        `json:"verification_url"` // the same, before there was an RFC
	Complete string        `json:"verification_uri_complete"`
	Expires  int64         `json:"expires_in"` // seconds
	Interval int64         `json:"interval"`   // seconds
}

const (
	maxDevice   = 60 * 60 // bounds how long a code is good, in seconds
	maxInterval = 60      // bounds the pause between two questions, in seconds
	maxShown    = 2048    // bounds an address that is shown, in bytes
)

// errNotTyped means that the code ended before somebody typed it.
var errNotTyped = errors.New("nobody typed the code in time")

// Device logs in with a browser on another machine (RFC 8628). show gets the code to type there; its error ends the
// login. A plain issuer may name a page of any server: show decides about that. The error is ErrNoDevice, an *Error of
// the issuer, a *TokenError, that of show, or one of package wire.
func (c *Client) Device(ctx context.Context, show func(DeviceCode) error) (Claims, error) {
	if c.Provider.Device == "" {
		return Claims{}, ErrNoDevice
	}
	reply, err := c.askDevice(ctx)
	if err != nil {
		return Claims{}, err
	}
	to, text, err := c.open(ctx, c.hold(disclose.DeviceCode, reply.Device.Secret), c.Provider.Token)
	if err != nil {
		return Claims{}, err
	}
	waiting := &oauth2.DeviceAuthResponse{DeviceCode: text, Interval: reply.Interval, Expiry: time.Now().Add(time.Duration(reply.Expires) * time.Second)}
	if err := show(DeviceCode{URL: reply.URL, Code: reply.Code, Complete: reply.Complete, Until: waiting.Expiry}); err != nil {
		return Claims{}, err
	}
	config := c.config("")
	token, err := config.DeviceAccessToken(to, waiting)
	for transient(c.failed(ctx, c.Provider.Token, err, reply.Device.Secret)) && time.Now().Before(waiting.Expiry) { // Section 3.5: a lost connection does not end it.
		token, err = config.DeviceAccessToken(to, waiting)
	}
	var refused *oauth2.RetrieveError
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil || errors.As(err, &refused) && refused.ErrorCode == "expired_token" {
		return Claims{}, errNotTyped
	}
	if err != nil {
		return Claims{}, c.failed(ctx, c.Provider.Token, err, reply.Device.Secret)
	}
	return c.acceptLogin(ctx, token, "")
}

// askDevice gets a code. x/oauth2 could do that, but panics when the answer is null.
func (c *Client) askDevice(ctx context.Context) (reply deviceReply, err error) {
	form := url.Values{"client_id": {c.Client}, "scope": {strings.Join(c.wanted(), " ")}}
	for name, value := range c.Params {
		form.Set(name, value)
	}
	r := formRequest(c.Provider.Device, form)
	r.Failed = func(resp *http.Response, body []byte) error {
		return c.failed(ctx, c.Provider.Device, retrieved(resp, body))
	}
	body, err := c.Wire.Do(ctx, r)
	if err != nil {
		return reply, err
	}
	if err := wire.DecodeJSON(http.MethodPost, c.Provider.Device, body, &reply); err != nil {
		return reply, err
	}
	err = reply.check()
	if err == nil && !c.Plain && c.Provider.Elsewhere(reply.URL) != "" {
		// A hostile issuer could get the code from a good one, for itself (RFC 8628, section 5.4).
		err = fmt.Errorf("the verification URI %s is not on the issuer's server", safetext.Quote(reply.URL, 200))
	}
	if err != nil {
		return reply, &wire.Error{Method: http.MethodPost, URL: c.Provider.Device, Kind: wire.ErrServer, Message: err.Error()}
	}
	return reply, nil
}

// transient reports whether an error is an outage, and not an answer.
func transient(err error) bool {
	var answered *wire.Error
	return errors.Is(err, wire.ErrUnreachable) || errors.As(err, &answered) && answered.Status >= 500
}

// check refuses a reply that cannot be shown or opened, and replaces the optional values that are out of bounds.
func (r *deviceReply) check() error {
	r.URL = cmp.Or(r.URL, r.Google)
	switch _, err := supervisor.CheckURL(r.URL); {
	case r.Device.Secret == "":
		return errors.New("the reply holds no device code")
	case err != nil:
		return fmt.Errorf("the verification URI %w", err)
	case len(r.URL) > maxShown:
		return errors.New("the verification URI is too long to be shown")
	case r.Code == "" || !safetext.IsLine(r.Code, 80):
		return errors.New("the user code cannot be shown")
	}
	if len(r.Complete) > maxShown || checkEndpoint(r.Complete) != nil || serverOf(r.Complete) != serverOf(r.URL) {
		r.Complete = "" // The code can be typed.
	}
	if r.Expires < 1 || r.Expires > maxDevice {
		r.Expires = maxDevice
	}
	if r.Interval < 1 || r.Interval > maxInterval {
		r.Interval = 0 // RFC 8628, section 3.2: then it is 5 seconds.
	}
	return nil
}
