package disclose

import (
	"maps"
	"net"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Ground is what is known about servers, each by its exact name and port. Only the functions of this file make one. The zero value is no
// ground for anything.
type Ground struct {
	places map[string]Place // of servers, as serverOf spells them
	below  string           // if set, only URLs below this one have a place

	hearsay bool // a server that is not verified said so, and may have named the CA as well
}

// Unverified returns the ground, as one that comes from a Supervisor whose certificate is not verified, if yes is true. The CA that such a
// server names for another one verifies nothing.
func (g Ground) Unverified(yes bool) Ground {
	g.hearsay = g.hearsay || yes
	return g
}

// SupervisorAt is the ground of a server that has answered as a Supervisor, over the trust of a login: HOST or HOST:PORT, or an https URL.
func SupervisorAt(server string) Ground { return Ground{}.with(Supervisor, server) }

// Naming adds the control plane hosts that the Supervisor of the ground has named, at a login that proved the account there.
func (g Ground) Naming(servers ...string) Ground {
	if !slices.Contains(slices.Collect(maps.Values(g.places)), Supervisor) {
		return Ground{}
	}
	return g.with(ControlPlane, servers...)
}

// VCenterAt is the ground of a vCenter that the user named and that has answered as one: an https URL. What it says is no ground for
// another server.
func VCenterAt(server string) Ground { return Ground{}.with(VCenter, server) }

// APIServerAt is the ground of a Supervisor's API server: at a host of the Supervisor, or where the Supervisor says.
func APIServerAt(server string) Ground { return Ground{}.with(APIServer, server) }

// ClusterAt is the ground of the API server of a cluster, where the Supervisor says that it is.
func ClusterAt(server string) Ground { return Ground{}.with(Cluster, server) }

// ContextAt is the ground of the server that a context of the kubeconfig names.
func ContextAt(server string) Ground { return Ground{}.with(Context, server) }

// PinnipedIssuer is the ground of an issuer that a Supervisor names. A Pinniped builds its endpoints from its issuer, so all that is below
// the issuer's URL is the issuer's, and nothing else.
func PinnipedIssuer(issuer string) Ground {
	g := Ground{}.with(Issuer, issuer)
	g.below = issuer
	return g
}

// PlainIssuer is the ground of an issuer that a user names. allowed are other servers (HOST or HOST:PORT) that a person or a flag named
// for what only the issuer should have. endpoints are those of its document: they may be at servers that nobody named, as Google's are.
func PlainIssuer(issuer string, allowed, endpoints []string) Ground {
	return Ground{}.with(Issuer, issuer).with(Allowed, allowed...).with(Elsewhere, endpoints...)
}

// ProvenRegistry returns the ground of a registry (HOST or HOST:PORT) that asks a server of this ground, a Supervisor's, about users. The
// caller has verified the registry by a CA of the Supervisor's site. Any other registry has no ground.
func (g Ground) ProvenRegistry(host, asks string) Ground {
	if asks == "" || !slices.Contains([]Place{Supervisor, ControlPlane}, g.placeOf(urlOf(asks))) {
		return Ground{}
	}
	return Ground{}.with(Proven, host).Unverified(g.hearsay)
}

// NamedRegistry is the ground of a registry (HOST or HOST:PORT) that the user named to get the token of a login.
func NamedRegistry(host string) Ground { return Ground{}.with(Named, host) }

// OwnRegistry is the ground of a registry for what is a login there and nowhere else.
func OwnRegistry(host string) Ground { return Ground{}.with(Own, host) }

// with adds servers at a place, unless they have one. A server that has no exact name gets none.
func (g Ground) with(p Place, servers ...string) Ground {
	places := maps.Clone(g.places)
	if places == nil {
		places = map[string]Place{}
	}
	for _, s := range servers {
		if server, err := serverOf(urlOf(s)); err == nil && places[server] == "" {
			places[server] = p
		}
	}
	g.places = places
	return g
}

// Covers reports whether the server of a URL has a place on this ground.
func (g Ground) Covers(address string) bool { return g.placeOf(address) != "" }

// CoversServer is Covers for HOST or HOST:PORT.
func (g Ground) CoversServer(server string) bool { return g.Covers(urlOf(server)) }

func (g Ground) placeOf(address string) Place {
	server, err := serverOf(address)
	if err != nil || g.below != "" && !isBelow(g.below, address) {
		return ""
	}
	return g.places[server]
}

// isBelow reports whether an address is a URL, byte for byte, and a path that stays below it.
func isBelow(base, address string) bool {
	address, _, _ = strings.Cut(address, "?")
	rest, found := strings.CutPrefix(address, strings.TrimRight(base, "/"))
	return found && strings.HasPrefix(rest, "/") && !strings.Contains(rest, "%") && path.Clean(rest) == strings.TrimSuffix(rest, "/")
}

// urlOf returns the https URL of HOST, HOST:PORT or an IPv6 address; a URL is returned as it is.
func urlOf(server string) string {
	if ip, err := netip.ParseAddr(server); err == nil && ip.Is6() {
		return "https://[" + server + "]"
	}
	if strings.Contains(server, "://") {
		return server
	}
	return "https://" + server
}

// hostCharacters are those of names and addresses. Unicode has other letters that become one of them in lower case.
const hostCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:"

// serverOf returns the server of an https URL as HOST:PORT, in its one spelling. A name with a dot at its end is another name: a resolver
// may take it for another host.
func serverOf(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Opaque != "" || u.User != nil {
		return "", ErrNoServer
	}
	host, port := strings.ToLower(u.Hostname()), uint64(443)
	if strings.Trim(u.Hostname(), hostCharacters) != "" || host == "" || strings.HasSuffix(host, ".") {
		return "", ErrNoServer
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.Unmap().String()
	}
	if text := u.Port(); text != "" {
		if port, err = strconv.ParseUint(text, 10, 16); err != nil || port == 0 {
			return "", ErrNoServer
		}
	}
	return net.JoinHostPort(host, strconv.FormatUint(port, 10)), nil
}
