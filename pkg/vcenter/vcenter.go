// Package vcenter reads from a vCenter which Supervisors it has and where they are: Workload Management, by the vSphere Automation API
// (https://developer.broadcom.com/xapis/vsphere-automation-api/latest/). What it returns is what the vCenter says. Only addresses are checked
// here: whether they can be addresses. Who answers there is for the caller to verify.
package vcenter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/bounded"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// ErrNotVCenter is a server that speaks https but does not answer as a vCenter does.
var ErrNotVCenter = errors.New("not a vCenter")

// Client asks one vCenter. Probe and Login come first; then several goroutines may use it.
type Client struct {
	Wire    *wire.Client
	Address supervisor.Address

	sessions string          // the path of sessions
	session  disclose.Secret // zero: there is none
}

// Sessions are at the second path before vSphere 7.0 Update 2.
const (
	sessionPath    = "/api/session"
	oldSessionPath = "/rest/com/vmware/cis/session"
)

// Probe finds out whether the server is a vCenter, and where it has its sessions. It sends no credentials: a vCenter answers that
// authentication is required, in the words of its API. Other servers are ErrNotVCenter.
func (c *Client) Probe(ctx context.Context) error {
	for _, path := range []string{sessionPath, oldSessionPath} {
		asked := required{}
		_, err := c.Wire.Do(ctx, wire.Request{Method: http.MethodGet, URL: c.Address.URL(path), Failed: asked.read})
		switch {
		case errors.Is(err, errRequired):
			c.sessions = path
			return nil
		case errors.Is(err, errOther) && asked.status == http.StatusNotFound && path == sessionPath:
			continue
		case errors.Is(err, errOther) && asked.status >= http.StatusInternalServerError:
			return &wire.Error{
				Method: http.MethodGet, URL: c.Address.URL(path), Status: asked.status, Kind: wire.ErrServer,
				Message: fmt.Sprintf("%s (%d)", strings.ToLower(http.StatusText(asked.status)), asked.status),
			}
		case err == nil, errors.Is(err, errOther):
			return fmt.Errorf("%s is %w: GET %s does not answer that authentication is required", c.Address, ErrNotVCenter, path)
		default:
			return err
		}
	}
	return fmt.Errorf("%s is %w", c.Address, ErrNotVCenter)
}

var (
	errRequired = errors.New("authentication is required")
	errOther    = errors.New("another answer")
)

// required reads the answer to a request without credentials.
type required struct{ status int }

func (r *required) read(resp *http.Response, body []byte) error {
	r.status = resp.StatusCode
	var said struct {
		Type    string `json:"error_type"`
		OldType string `json:"type"`
	}
	if resp.StatusCode != http.StatusUnauthorized || bounded.JSON(body, &said) != nil {
		return errOther
	}
	if said.Type == "UNAUTHENTICATED" || said.OldType == "com.vmware.vapi.std.errors.unauthenticated" {
		return errRequired
	}
	return errOther
}

// addressOf reads an address that the vCenter tells: the host of a Supervisor. Its front is at the port of the vCenter, which is 443
// unless the user said another one. No Supervisor is at an address that means this machine or many machines, unless the vCenter is on this
// machine too.
func (c *Client) addressOf(s string) (supervisor.Address, bool) {
	a, err := c.Address.WithHost(s)
	if err != nil || !isHost(a.Host) && (!isLoopback(a.Host) || !isLoopback(c.Address.Host)) {
		return supervisor.Address{}, false
	}
	return a, true
}

func isHost(host string) bool {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return !isLoopback(host)
	}
	broadcast := netip.AddrFrom4([4]byte{255, 255, 255, 255})
	return !ip.IsLoopback() && !ip.IsUnspecified() && !ip.IsMulticast() && !ip.IsLinkLocalUnicast() && ip != broadcast
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}
