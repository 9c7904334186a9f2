// Package supervisor reads from a vSphere Supervisor: its login banner, the vSphere Namespaces of an account, and the
// TKG clusters in them. The endpoints are those that VMware's own clients use (/wcp/loginbanner, /wcp/workloads) and
// the Kubernetes API, which the Supervisor's front on port 443 proxies.
package supervisor

import (
	"net"
	"strconv"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/address"
)

// Address is where a Supervisor's front answers.
type Address struct {
	Host string // a name in lower case, or an IP address without brackets
	Port int    // 0 is 443
}

// APIPort is where API servers answer, unless something else is said.
const APIPort = 6443

// maxTyped bounds an address in an error, in characters.
const maxTyped = 300

// ErrUserInAddress is an address with a user name in it, as in a URL: USER@HOST.
var ErrUserInAddress = address.ErrUser

// ParseAddress reads an address as people paste it (address.Parse).
func ParseAddress(s string) (Address, error) {
	host, port, err := address.Parse(s)
	return Address{Host: host, Port: port}, err
}

// ParseTyped reads an address that a person types, or copies from a browser (address.ParseTyped).
func ParseTyped(s string) (Address, error) {
	host, port, err := address.ParseTyped(s)
	return Address{Host: host, Port: port}, err
}

// IsName reports whether s can be the name of a namespace or a cluster.
func IsName(s string) bool { return address.IsLabel(s) }

// String returns the canonical spelling (address.Format), which ParseAddress reads back.
func (a Address) String() string { return address.Format(a.Host, a.Port) }

// URL returns an https URL at the front. path begins with a slash.
func (a Address) URL(path string) string { return "https://" + a.HostPort() + path }

// HostPort returns the front's host as it stands in URL.
func (a Address) HostPort() string { return a.hostPort(a.Port, address.FrontPort) }

// FrontPort returns the port of the front, which also passes requests on to the API server.
func (a Address) FrontPort() int {
	if a.Port == 0 {
		return address.FrontPort
	}
	return a.Port
}

// IsAPIPort reports whether the port is the one of API servers, and of no front.
func (a Address) IsAPIPort() bool { return a.Port == APIPort }

// API returns the URL of the API server at the same host; port 0 is 6443.
func (a Address) API(port int) string {
	if port == 0 {
		port = APIPort
	}
	return "https://" + net.JoinHostPort(a.Host, strconv.Itoa(port))
}

func (a Address) hostPort(port, standard int) string {
	switch {
	case port != 0 && port != standard:
		return net.JoinHostPort(a.Host, strconv.Itoa(port))
	case strings.Contains(a.Host, ":"):
		return "[" + a.Host + "]"
	}
	return a.Host
}

// WithHost returns the front of another host of the same site, on the same port.
func (a Address) WithHost(host string) (Address, error) {
	b, err := ParseAddress(host)
	if err != nil {
		return Address{}, err
	}
	return Address{Host: b.Host, Port: a.Port}, nil
}
