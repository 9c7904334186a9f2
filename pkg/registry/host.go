// Package registry stores what is known about container registries: which session's token a registry gets, and under which user name. It
// knows no network. Its files are in the store of package tokens:
//
//	registries/<host>.json         a registry that was added (Record)
//	registries/<host>=login.json   a user name and secret that a registry client stored (Login), for any registry
//	registries/settings            the user's settings for the credential helper (Settings)
//
// In file names, a colon of the host becomes =.
package registry

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
)

// ErrHost is the error for a server URL that is not the address of a registry.
var ErrHost = errors.New("it is not the address of a registry")

// ParseHost returns the registry in a server URL, as registry clients spell it (reference docker-credentials.md, 5.2): with or without a
// scheme, a port, a path and white space. The result is HOST or HOST:PORT in lower case, without port 443, and without port 80 after
// http://. A user name in the URL, as in https://good.example@evil.example/, is an error: it only deceives. The error is ErrHost.
func ParseHost(url string) (string, error) {
	scheme, rest := cutScheme(url)
	if scheme != "https" && scheme != "http" {
		return "", ErrHost
	}
	rest, _, _ = strings.Cut(rest, "/")
	if strings.ContainsFunc(rest, func(r rune) bool { return r > unicode.MaxASCII }) { // Some letters, as the Kelvin sign, are in lower case those of another name.
		return "", ErrHost
	}
	host, port, err := splitPort(strings.ToLower(rest))
	if err != nil {
		return "", err
	}
	// nerdctl also tries http://HOST:443 for HOST.
	if port == "" || port == "443" || scheme == "http" && port == "80" {
		return host, nil
	}
	return host + ":" + port, nil
}

// IsPlain reports whether a server URL is for a connection without TLS. A secret of a registry with TLS is not for it.
func IsPlain(url string) bool {
	scheme, _ := cutScheme(url)
	return scheme == "http"
}

// cutScheme returns the scheme of a server URL in lower case, https without one, and the rest.
func cutScheme(url string) (scheme, rest string) {
	url = strings.TrimSpace(url)
	scheme, rest, found := strings.Cut(url, "://")
	if !found {
		return "https", url
	}
	return strings.ToLower(scheme), rest
}

// splitPort splits HOST, HOST:PORT, [IPv6] or [IPv6]:PORT, and returns both parts in a canonical spelling.
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
		if host = ip.Unmap().String(); !ip.Is4In6() {
			host = "[" + host + "]"
		}
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

// isName reports whether s can be a host name or an IPv4 address, and is safe in a file name.
func isName(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789.-_"
	return s != "" && len(s) <= 253 && strings.Trim(s, letters) == "" && s[0] != '.' && s[0] != '-'
}
