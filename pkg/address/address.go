// Package address reads the address of a server as people write it, and gives it one spelling. Servers are compared in that spelling
// everywhere: in keys of credentials, kubeconfigs, file names.
package address

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// FrontPort is the port of an address without one.
const FrontPort = 443

// maxTyped bounds an address in an error, in characters.
const maxTyped = 300

// ErrUser is an address with a user name in it, as in a URL: USER@HOST.
var ErrUser = errors.New("the address holds a user name")

// Parse reads an address as people paste it: a host, host:port, [IPv6]:port, or a URL without a path. The scheme is ignored: https is
// always used. host is a name in lower case, or an IP address without brackets; port 0 is FrontPort.
func Parse(s string) (host string, port int, err error) {
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
		return "", 0, errors.New("the address is empty")
	case strings.Contains(rest, "@"):
		return "", 0, ErrUser
	case strings.ContainsAny(rest, "/?#"):
		return "", 0, fmt.Errorf("%s is more than a host: leave out the path", safetext.Quote(s, maxTyped))
	}
	if host, port, err = splitPort(rest); err != nil {
		return "", 0, fmt.Errorf("%s: %w", safetext.Quote(s, maxTyped), err)
	}
	if host, err = parseHost(host); err != nil {
		return "", 0, fmt.Errorf("%s: %w", safetext.Quote(s, maxTyped), err)
	}
	return host, port, nil
}

// ParseTyped is Parse for an address that a person types, or copies from a browser: what follows the host does not matter, nor do
// blanks around it.
func ParseTyped(s string) (host string, port int, err error) {
	s = strings.TrimSpace(strings.TrimPrefix(s, "\ufeff"))
	start := 0
	if i := strings.Index(s, "://"); i >= 0 {
		start = i + len("://")
	}
	if i := strings.IndexAny(s[start:], "/?#"); i > 0 {
		s = s[:start+i]
	}
	return Parse(s)
}

// Format returns the one spelling of an address, which Parse reads back: HOST, HOST:PORT or [IPv6]:PORT.
func Format(host string, port int) string {
	if port == 0 {
		return host
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// Canonical returns an address that a person typed in its one spelling. The error is that of ParseTyped.
func Canonical(s string) (string, error) {
	host, port, err := ParseTyped(s)
	return Format(host, port), err
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
	if port == FrontPort {
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
	s = strings.Map(lower, strings.TrimSuffix(s, "."))
	if len(s) == 0 || len(s) > 253 {
		return "", errors.New("not a host name")
	}
	for label := range strings.SplitSeq(s, ".") {
		if !isHostLabel(label) {
			return "", errors.New("not a host name (letters, digits, hyphens and dots) or IP address")
		}
	}
	if last := s[strings.LastIndexByte(s, '.')+1:]; strings.Trim(last, "0123456789") == "" {
		return "", errors.New("not an IPv4 address")
	}
	return s, nil
}

// lower is unicode.ToLower for ASCII. Others stay: it takes some (the Kelvin sign) for letters of ASCII, which are another name.
func lower(r rune) rune {
	if r >= 'A' && r <= 'Z' {
		r += 'a' - 'A'
	}
	return r
}

// IsLabel reports whether s is a label of RFC 1123 in lower case.
func IsLabel(s string) bool { return isHostLabel(s) && !strings.Contains(s, "_") }

// isHostLabel is IsLabel for host names, which may also hold underscores.
func isHostLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
