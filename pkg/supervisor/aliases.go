package supervisor

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// Aliases map a server to the address where it is reached, if that is another one (NAT, another network): HOST to
// ADDR, for all ports, or HOST:PORT to ADDR:PORT. The certificate must be that of HOST.
type Aliases map[string]string

// ParseAlias reads HOST=ADDR or HOST:PORT=ADDR:PORT.
func ParseAlias(s string) (host, at string, err error) {
	host, at, ok := strings.Cut(s, "=")
	if !ok {
		return "", "", fmt.Errorf("%s is not HOST=ADDRESS", safetext.Quote(s, maxTyped))
	}
	a, portA, err := parseEnd(host)
	if err != nil {
		return "", "", err
	}
	b, portB, err := parseEnd(at)
	if err != nil {
		return "", "", err
	}
	if (portA == "") != (portB == "") {
		return "", "", fmt.Errorf("%s has a port on one side only", safetext.Quote(s, maxTyped))
	}
	return join(a, portA), join(b, portB), nil
}

// parseEnd is ParseAddress, but keeps a port that is written, also 443.
func parseEnd(s string) (host, port string, err error) {
	a, err := ParseAddress(s)
	if err != nil {
		return "", "", err
	}
	if a.Port != 0 {
		return a.Host, strconv.Itoa(a.Port), nil
	}
	if _, port, err = net.SplitHostPort(s); err != nil {
		port = "" // No port is written.
	}
	return a.Host, port, nil
}

func join(host, port string) string {
	if port == "" {
		return host
	}
	return net.JoinHostPort(host, port)
}

// Reach returns the address (ADDR:PORT) at which a server (HOST:PORT) is reached.
func (a Aliases) Reach(server string) string {
	if at, ok := a[server]; ok {
		return at
	}
	host, port, err := net.SplitHostPort(server)
	if at, ok := a[host]; ok && err == nil {
		return net.JoinHostPort(at, port)
	}
	return server
}
