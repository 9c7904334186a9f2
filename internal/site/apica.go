package site

import (
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// APICA returns the CA (PEM) that verifies the API server (a URL) of a host. nil means the system's roots. A pin for the API server
// comes first, unless the server shows another CA now, which the Supervisor names. Otherwise the CA that the Supervisor names is trusted as
// much as the Supervisor's front is. If the front takes the place of the API server, it is verified as at the login.
func APICA(h login.Host, server string, t trust.Trust) []byte {
	if pin, ok := t.Pins[trust.ServerOf(strings.TrimPrefix(server, "https://"))]; ok && !h.ByAPICA {
		return []byte(pin)
	}
	front := t.For(trust.ServerOf(h.Address.HostPort()))
	switch {
	case front.Mode == trust.Insecure:
		return nil
	case server == h.Address.API(h.Address.FrontPort()), len(h.APICA) == 0, front.Mode == trust.System && trust.SystemKnows(h.APICA):
		return []byte(front.CA)
	case front.Mode == trust.Bundle:
		return trust.Merge([]byte(front.CA), h.APICA)
	}
	return h.APICA
}
