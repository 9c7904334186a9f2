package console

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// proxyVariables are those that net/http reads. Of each pair the first that is not empty counts.
var proxyVariables = [][]string{{"HTTPS_PROXY", "https_proxy"}, {"HTTP_PROXY", "http_proxy"}}

// ProxyError is a variable of the environment that does not hold the address of a proxy. net/http would ignore it, and connect
// directly. Its text does not repeat the value, which may hold a password.
type ProxyError struct{ Variable string }

// Error names the variable.
func (e *ProxyError) Error() string {
	return e.Variable + " is set, but is not the address of a proxy such as http://proxy.example.com:3128"
}

// CheckProxy returns a *ProxyError if the environment names a proxy in a way that net/http cannot read.
func (e *Env) CheckProxy() error {
	for _, pair := range proxyVariables {
		for _, name := range pair {
			value := e.Getenv(name)
			if value == "" {
				continue
			}
			if _, err := ParseProxy(value); err != nil {
				return &ProxyError{name}
			}
			break
		}
	}
	return nil
}

// ProxyFor returns the proxy on the way to a URL, or nil.
func ProxyFor(e *Env, address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || e.Proxy == nil {
		return nil, err
	}
	return e.Proxy(&http.Request{URL: u})
}

var errProxy = errors.New("is not the address of a proxy")

// ParseProxy reads the address of a proxy: a URL, or HOST:PORT for http. It accepts only what net/http connects to. The error does not
// repeat the text.
func ParseProxy(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || !strings.Contains(s, "://") {
		u, err = url.Parse("http://" + s)
	}
	if err != nil {
		return nil, errProxy
	}
	switch {
	case !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme):
		return nil, errProxy
	case u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(s, " \t\r\n"):
		return nil, errProxy
	case !isHostPort(u):
		return nil, errProxy
	}
	return u, nil
}

// isHostPort reports whether the host of a URL is a name or an IP address, with or without a port.
func isHostPort(u *url.URL) bool {
	host := u.Hostname()
	_, notIP := netip.ParseAddr(host)
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	switch {
	case host == "", strings.ContainsAny(host, " \t\\\"<>^`{|}%"), strings.Contains(host, ":") && notIP != nil:
		return false
	case notIP != nil && !isName(host):
		return false
	case strings.Count(u.Host, ":") > 1 && !strings.HasPrefix(u.Host, "["): // An IPv6 address without brackets.
		return false
	}
	return !strings.HasSuffix(u.Host, ":") && (u.Port() == "" || err == nil && port > 0)
}
