package site

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/vcenter"
)

// Keep changes what is known of the Supervisor (tokens.Site). If the servers are not verified, or in a dry run, it does nothing: a later
// login must not begin with what anybody may have said.
func (s Site) Keep(ctx context.Context, change func(*tokens.Site)) error {
	if s.contact.Keep == nil || s.Insecure() {
		return nil
	}
	if err := s.contact.Keep(context.WithoutCancel(ctx), change); err != nil {
		return fmt.Errorf("how %s is verified could not be saved: %w", s.Address, err)
	}
	return nil
}

// keepTrust keeps how the Supervisor is verified. Pins of other servers stay as they are.
func (s Site) keepTrust(ctx context.Context, t trust.Trust) error {
	return s.Keep(ctx, func(k *tokens.Site) {
		pins := maps.Clone(t.Pins)
		if pins == nil {
			pins = map[string]string{}
		}
		for server, ca := range k.Trust.Pins { // Another login may have added some, and a CA file knows none.
			if server != s.contact.server() {
				pins[server] = ca
			}
		}
		k.Trust = trust.Trust{Mode: t.Mode, CA: t.CA, Pins: pins}
		if len(s.Aliases) > 0 {
			k.Aliases = s.Aliases
		}
	})
}

// maxHosts bounds the hosts that are remembered: the Supervisor names them. The largest known site has 30.
const maxHosts = 1000

// Reached keeps the control plane hosts (canonical addresses) that a login verified. A CA file verified them in place of their pins.
func (s Site) Reached(ctx context.Context, hosts []string) error {
	return s.Keep(ctx, func(k *tokens.Site) {
		for _, host := range hosts {
			if !slices.Contains(k.Hosts, host) {
				k.Hosts = append(k.Hosts, host)
			}
			if s.contact.Flags.CAFile != "" {
				maps.DeleteFunc(k.Trust.Pins, func(server, _ string) bool { return sameHost(server, host) })
			}
		}
		k.Hosts = k.Hosts[max(0, len(k.Hosts)-maxHosts):]
	})
}

// sameHost reports whether a server (HOST:PORT) is at the host of a canonical address.
func sameHost(server, address string) bool {
	name, _, err := net.SplitHostPort(server)
	a, bad := supervisor.ParseAddress(address)
	return err == nil && bad == nil && name == a.Host
}

// answered reports whether a CA that was accepted is kept although the contact failed: the next contact need not ask again. Where no
// Supervisor or vCenter is, nothing is kept.
func answered(err error) bool {
	var untrusted *trust.UntrustedError
	return !errors.As(err, &untrusted) && !errors.Is(err, supervisor.ErrNotSupervisor) && !errors.Is(err, vcenter.ErrNotVCenter)
}
