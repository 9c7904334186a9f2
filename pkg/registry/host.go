// Package registry remembers container registries: whose token goes to which, under which user name. It knows no network. What it
// remembers lies in the store of package tokens:
//
//	registries/<host>.json         a registry that was added (Record)
//	registries/<host>=login.json   a user name and secret that a registry client stored (Login), for any registry
//	registries/settings            what the user set for the helper (Settings)
//
// A colon of the host is = in the file name.
package registry

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// ErrHost is a server URL that names no registry.
var ErrHost = errors.New("it is not the address of a registry")

// ParseHost finds the registry in a server URL as registry clients spell it (reference docker-credentials.md, 5.2): with or without a
// scheme, a port, a path and white space. The result is HOST or HOST:PORT in lower case; port 443 is left out, and 80 after http://.
// A user name in the URL, as in https://good.example@evil.example/, is refused: it only deceives.
func ParseHost(url string) (string, error) {
	rest := strings.TrimSpace(url)
	plain := false
	if scheme, after, found := strings.Cut(rest, "://"); found {
		switch strings.ToLower(scheme) {
		case "https":
		case "http":
			plain = true
		default:
			return "", ErrHost
		}
		rest = after
	}
	rest, _, _ = strings.Cut(rest, "/")
	host, port, err := splitPort(strings.ToLower(rest))
	if err != nil {
		return "", err
	}
	// nerdctl tries http://HOST:443 for HOST, too.
	if port == "" || port == "443" || plain && port == "80" {
		return host, nil
	}
	return host + ":" + port, nil
}

// splitPort takes HOST, HOST:PORT, [IPv6] and [IPv6]:PORT apart and spells each in one way.
func splitPort(s string) (host, port string, err error) {
	if ip, err := netip.ParseAddr(s); err == nil && ip.Is6() {
		s = "[" + s + "]" // Some programs leave the brackets out.
	}
	host, port, found := strings.Cut(s, ":")
	if strings.HasPrefix(s, "[") {
		host, port, found = strings.Cut(s[1:], "]")
		ip, err := netip.ParseAddr(host)
		if !found || err != nil || !ip.Is6() || ip.Zone() != "" {
			return "", "", ErrHost
		}
		host = "[" + ip.String() + "]"
		if port, found = strings.CutPrefix(port, ":"); !found && port != "" {
			return "", "", ErrHost
		}
	} else if !isName(host) {
		return "", "", ErrHost
	}
	if !found {
		return host, "", nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return "", "", ErrHost
	}
	return host, strconv.FormatUint(n, 10), nil
}

// isName tells whether s can be the name or the IPv4 address of a host, and so a part of a file name.
func isName(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789.-_"
	return s != "" && len(s) <= 253 && strings.Trim(s, letters) == "" && s[0] != '.' && s[0] != '-'
}
