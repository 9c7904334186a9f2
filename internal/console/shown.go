package console

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// A variable may hold a token by mistake, which can look like a name. What is shown of it is what can be nothing else than an address.

// hidden stands for what is not shown.
const hidden = "…"

// ShownProxy returns the host of a proxy, or "…".
func ShownProxy(u *url.URL) string {
	if u.Port() == "" && !isAddress(u.Hostname()) {
		return hidden
	}
	return u.Host
}

// ShownExceptions returns the entries of NO_PROXY, and whether all of them are shown.
func ShownExceptions(value string) (shown string, all bool) {
	entries := strings.Split(value, ",")
	all = true
	for i, entry := range entries {
		if entry = strings.TrimSpace(entry); entry != "" && entry != "*" && !isAddress(entry) {
			entries[i], all = hidden, false
		}
	}
	return strings.Join(entries, ","), all
}

// isAddress reports whether a text is an IP address, a network or a name of DNS with a dot, with or without a port.
func isAddress(s string) bool {
	if host, _, err := net.SplitHostPort(s); err == nil {
		s = host
	}
	if _, err := netip.ParsePrefix(s); err == nil {
		return true
	}
	if _, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil || s == "localhost" {
		return true
	}
	name := strings.TrimPrefix(strings.TrimPrefix(s, "*"), ".")
	return strings.Contains(s, ".") && isName(name) && !strings.ContainsAny(name, "@:/")
}

// isName reports whether a text is short enough for a name of DNS, in all its parts (RFC 1035, 2.3.4). A token seldom is.
func isName(s string) bool {
	return s != "" && len(s) <= 253 && !slices.ContainsFunc(strings.Split(s, "."), func(label string) bool { return len(label) > 63 })
}
