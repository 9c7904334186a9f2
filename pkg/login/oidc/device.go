package oidc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// ErrNoDevice is an issuer without the device grant; Pinniped has none.
var ErrNoDevice = errors.New("the issuer does not offer the device flow")

// DeviceCode is what a person types into a browser on any machine, and until when.
type DeviceCode struct {
	URL      string // where it is typed
	Code     string
	Complete string // the same with the code in it; may be empty
	Until    time.Time
}

// Device logs in with a browser on another machine (RFC 8628). show is told what to type there.
func (c *Client) Device(ctx context.Context, show func(DeviceCode)) (Claims, error) {
	if c.Provider.Device == "" {
		return Claims{}, ErrNoDevice
	}
	config := c.config("")
	reply, err := config.DeviceAuth(c.bounded(ctx))
	if err != nil {
		return Claims{}, c.failed(ctx, c.Provider.Device, err)
	}
	code := DeviceCode{URL: reply.VerificationURI, Code: reply.UserCode, Complete: reply.VerificationURIComplete, Until: reply.Expiry}
	if err := code.check(); err != nil {
		return Claims{}, &Error{Endpoint: "POST " + c.Provider.Device, Code: "server_error", Description: err.Error()}
	}
	show(code)
	if reply.Interval < 1 || reply.Interval > maxInterval {
		reply.Interval = 0 // RFC 8628, section 3.2: then it is 5 seconds.
	}
	device := redact.Secret(reply.DeviceCode)
	token, err := config.DeviceAccessToken(c.bounded(ctx), reply)
	for transient(c.failed(ctx, c.Provider.Token, err, device)) && time.Now().Before(reply.Expiry) { // Section 3.5: a lost connection is no end.
		token, err = config.DeviceAccessToken(c.bounded(ctx), reply)
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return Claims{}, fmt.Errorf("nobody typed the code before %s", code.Until.Local().Format(time.TimeOnly))
	}
	if err != nil {
		return Claims{}, c.failed(ctx, c.Provider.Token, err, device)
	}
	return c.accept(ctx, token, "")
}

// maxInterval bounds the pause between two questions, in seconds.
const maxInterval = 60

// transient tells an outage from an answer.
func transient(err error) bool {
	var answered *wire.Error
	return errors.Is(err, wire.ErrUnreachable) || errors.As(err, &answered) && answered.Status >= 500
}

// check refuses what must not be shown to a person, or opened.
func (d DeviceCode) check() error {
	for _, u := range []string{d.URL, d.Complete} {
		if u != "" && safetext.Line(u, 2048) != u {
			return errors.New("the verification URI cannot be shown")
		}
	}
	if _, err := supervisor.CheckURL(d.URL); err != nil {
		return fmt.Errorf("the verification URI %w", err)
	}
	if d.Code == "" || safetext.Line(d.Code, 80) != d.Code {
		return errors.New("the user code cannot be shown")
	}
	return nil
}
