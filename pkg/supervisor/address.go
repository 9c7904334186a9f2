// Package supervisor reads from a vSphere Supervisor: its login banner, the vSphere Namespaces of an account, and the
// TKG clusters in them. The endpoints are those that VMware's own clients use (/wcp/loginbanner, /wcp/workloads) and
// the Kubernetes API, which the Supervisor's front on port 443 proxies.
package supervisor

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// Address is where a Supervisor's front answers.
type Address struct {
	Host string // a name in lower case, or an IP address without brackets
	Port int    // 0 is 443
}

const frontPort = 443

// APIPort is where API servers answer, unless something else is said.
const APIPort = 6443

// maxTyped bounds an address in an error, in characters.
const maxTyped = 300

// ErrUserInAddress is an address with a user name in it, as in a URL: USER@HOST.
var ErrUserInAddress = errors.New("the address holds a user name")

// ParseAddress reads an address as people paste it: a host, host:port, [IPv6]:port, or a URL without a path. The
// scheme is ignored: https is always used.
func ParseAddress(s string) (Address, error) {
	rest := s
	for _, scheme := range []string{"https://", "http://"} {
		if len(rest) >= len(scheme) && strings.EqualFold(rest[:len(scheme)], scheme) {
			rest = rest[len(scheme):]
			break
		}
	}
	rest = strings.TrimSuffix(rest, "/")
	switch {
	case rest == "":
		return Address{}, errors.New("the address is empty")
	case strings.Contains(rest, "@"):
		return Address{}, ErrUserInAddress
	case strings.ContainsAny(rest, "/?#"):
		return Address{}, fmt.Errorf("%s is more than a host: leave out the path", safetext.Quote(s, maxTyped))
	}
	host, port, err := splitPort(rest)
	if err != nil {
		return Address{}, fmt.Errorf("%s: %w", safetext.Quote(s, maxTyped), err)
	}
	if host, err = parseHost(host); err != nil {
		return Address{}, fmt.Errorf("%s: %w", safetext.Quote(s, maxTyped), err)
	}
	return Address{Host: host, Port: port}, nil
}

// ParseTyped is ParseAddress for an address that a person types, or copies from a browser: what follows the host does not matter, nor do blanks around it.
func ParseTyped(s string) (Address, error) {
	s = strings.TrimSpace(strings.TrimPrefix(s, "\ufeff"))
	start := 0
	if i := strings.Index(s, "://"); i >= 0 {
		start = i + len("://")
	}
	if i := strings.IndexAny(s[start:], "/?#"); i > 0 {
		s = s[:start+i]
	}
	return ParseAddress(s)
}

// splitPort cuts the port off. A bare IPv6 address has colons and no port.
func splitPort(s string) (string, int, error) {
	if ip, err := netip.ParseAddr(s); err == nil && ip.Is6() {
		return s, 0, nil
	}
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		return s[1 : len(s)-1], 0, nil
	}
	if !strings.Contains(s, ":") {
		return s, 0, nil
	}
	host, text, err := net.SplitHostPort(s)
	if err != nil {
		return "", 0, errors.New("not HOST or HOST:PORT; an IPv6 address with a port is [ADDRESS]:PORT")
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return "", 0, fmt.Errorf("%s is not a port", safetext.Quote(text, maxTyped))
	}
	if port == frontPort {
		port = 0
	}
	return host, int(port), nil
}

// parseHost checks a DNS name (RFC 1123) or an IP address and returns its canonical spelling.
func parseHost(s string) (string, error) {
	if ip, err := netip.ParseAddr(s); err == nil {
		if ip.Zone() != "" {
			return "", errors.New("an address with a zone cannot be in a certificate")
		}
		return ip.Unmap().String(), nil
	}
	s = strings.ToLower(strings.TrimSuffix(s, "."))
	if len(s) == 0 || len(s) > 253 {
		return "", errors.New("not a host name")
	}
	for label := range strings.SplitSeq(s, ".") {
		if !isLabel(label, true) {
			return "", errors.New("not a host name (letters, digits, hyphens and dots) or IP address")
		}
	}
	if last := s[strings.LastIndexByte(s, '.')+1:]; strings.Trim(last, "0123456789") == "" {
		return "", errors.New("not an IPv4 address")
	}
	return s, nil
}

// IsName reports whether s can be the name of a namespace or a cluster.
func IsName(s string) bool { return isLabel(s, false) }

// isLabel reports whether s is a label of RFC 1123 in lower case. Host names may also hold underscores.
func isLabel(s string, underscore bool) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && (c != '_' || !underscore) {
			return false
		}
	}
	return true
}

// String returns the canonical spelling, which ParseAddress reads back: HOST, HOST:PORT or [IPv6]:PORT.
func (a Address) String() string {
	if a.Port == 0 {
		return a.Host
	}
	return net.JoinHostPort(a.Host, strconv.Itoa(a.Port))
}

// URL returns an https URL at the front. path begins with a slash.
func (a Address) URL(path string) string { return "https://" + a.HostPort() + path }

// HostPort returns the front's host as it stands in URL.
func (a Address) HostPort() string { return a.hostPort(a.Port, frontPort) }

// FrontPort returns the port of the front, which also passes requests on to the API server.
func (a Address) FrontPort() int {
	if a.Port == 0 {
		return frontPort
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
