package site

import (
	"net/url"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// APICA returns the CA (PEM) that verifies the API server of a host, or the Concierge that takes its place, by its URL. nil means the
// session's trust. A pin for the server comes first, unless the API server shows another CA now, which the Supervisor names. Otherwise the
// CA that the Supervisor names is trusted as much as the Supervisor's front is. If the front takes the place of the API server, it is
// verified as at the login. A CA that was accepted for the front alone verifies no other host.
func APICA(h login.Host, server string, t trust.Trust) []byte {
	of, _ := supervisor.ServerOf(server)
	elsewhere, name := of.Host != h.Address.Host, nameOf(server)
	if pin, ok := t.Pins[name]; ok && (elsewhere || !h.ByAPICA) {
		return []byte(pin)
	}
	front := t.For(trust.ServerOf(h.Address.HostPort()))
	switch {
	case front.Mode == trust.Insecure:
		return nil
	case elsewhere && len(h.APICA) == 0:
		return []byte(t.For(name).CA)
	case of == h.Address, len(h.APICA) == 0, front.Mode == trust.System && trust.SystemKnows(h.APICA):
		return []byte(front.CA)
	case front.Mode == trust.Bundle:
		return trust.Merge([]byte(front.CA), h.APICA)
	}
	return h.APICA
}

// nameOf returns the server of a URL as pins name it.
func nameOf(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		return ""
	}
	return trust.ServerOf(u.Host)
}
