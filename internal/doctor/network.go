package doctor

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/duration"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// proxies looks at the variables of the proxy, and which servers are reached through it.
func proxies(_ context.Context, p *patient) (all []Finding) {
	if err := p.env.CheckProxy(); err != nil {
		return []Finding{problem("", "%s", safetext.Error(err)).do("Set it to the address of the proxy, or unset it.")}
	}
	for _, s := range p.servers {
		proxy, err := console.ProxyFor(p.env, s.URL("/"))
		switch {
		case err != nil:
			all = append(all, problem(s.name, "the proxy for it cannot be used").do("Set HTTPS_PROXY to the address of the proxy, or unset it."))
		case proxy == nil:
		case errors.Is(s.ask().err, wire.ErrUnreachable):
			all = append(all, problem(s.name, "it does not answer through the proxy %s", console.ShownProxy(proxy)).
				do("If it is reached without the proxy, add it to NO_PROXY. Type: export NO_PROXY=%s", noProxy(p.env, s.Host)))
		default:
			all = append(all, note(s.name, "it is reached through the proxy %s", console.ShownProxy(proxy)))
		}
	}
	return all
}

// noProxy returns the value of NO_PROXY with a further host, as a word of a shell. What is there already and not shown is named.
func noProxy(e *console.Env, host string) string {
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		now := e.Getenv(name)
		if now == "" {
			continue
		}
		if shown, all := console.ShownExceptions(now); all {
			return failure.Quote(safetext.Line(shown, maxAbout) + "," + host)
		}
		return `"$` + name + `",` + failure.Quote(host)
	}
	return failure.Quote(host)
}

// names looks up the names of servers that are reached directly.
func names(ctx context.Context, p *patient) []Finding {
	lookup := p.env.Lookup
	if lookup == nil {
		lookup = net.DefaultResolver.LookupHost
	}
	return each(p.servers, func(s *server) []Finding {
		host, _, err := net.SplitHostPort(s.aliases.Reach(trust.ServerOf(s.HostPort())))
		if err != nil || net.ParseIP(host) != nil {
			return nil
		}
		if proxy, err := console.ProxyFor(p.env, s.URL("/")); err != nil || proxy != nil || p.env.CheckProxy() != nil {
			return nil // The proxy looks it up.
		}
		looking, cancel := context.WithTimeout(ctx, oneRequest)
		defer cancel()
		addresses, err := lookup(looking, host)
		var dns *net.DNSError
		switch {
		case errors.As(err, &dns) && dns.IsNotFound:
			return []Finding{problem(s.name, "there is no such name in DNS: %s", host).
				do("Check the spelling, your VPN and your DNS server, or use the IP address of the Supervisor.")}
		case looking.Err() != nil:
			return []Finding{problem(s.name, "DNS does not answer within %s about %s", duration.Text(oneRequest), host).do("Check your VPN and your DNS server.")}
		case err != nil:
			return []Finding{problem(s.name, "the name %s cannot be looked up: %s", host, safetext.Error(err)).do("Check your VPN and your DNS server.")}
		}
		return []Finding{ok(s.name, "%s is %s", host, strings.Join(addresses, ", "))}
	})
}

// ports opens connections to the ports that logins and kubectl need.
func ports(ctx context.Context, p *patient) []Finding {
	if p.env.CheckProxy() != nil {
		return nil // Nothing goes past a proxy that cannot be read.
	}
	return each(p.servers, func(s *server) (all []Finding) {
		if proxy, err := console.ProxyFor(p.env, s.URL("/")); err != nil || proxy != nil {
			return nil // What is open is open for the proxy.
		}
		port, instead := supervisor.APIPort, ""
		if at, known := s.site.APIPorts[s.name]; known {
			port, instead = at.Port, at.Reason
		}
		front, api := p.dialBoth(ctx, s, port)
		if errors.Is(errors.Join(front, api), errLate) {
			return []Finding{unseen(s)}
		}
		if front != nil {
			all = append(all, problem(s.name, "port %d: %s", s.FrontPort(), front).
				do("Check the address and your VPN, and ask your network administrator to open the port. A login needs it."))
		}
		if s.plain {
			return all
		}
		switch {
		case api != nil && port != s.FrontPort():
			all = append(all, problem(s.name, "port %d: %s", port, api).
				do("kubectl needs it. Ask your network administrator to open it, or log in again: login then uses port %d. Type: %s", s.FrontPort(), p.loginCommand(s)))
		case instead != "":
			all = append(all, note(s.name, "contexts use port %d: port %d did not answer at the last login", port, supervisor.APIPort))
		case api == nil && front == nil:
			all = append(all, ok(s.name, "ports %d and %d are open", s.FrontPort(), port))
		}
		return all
	})
}

// dialBoth opens connections to the ports for logins and for kubectl at once.
func (p *patient) dialBoth(ctx context.Context, s *server, port int) (front, api error) {
	if s.plain || port == s.FrontPort() {
		front = p.dial(ctx, s, s.FrontPort())
		return front, front
	}
	var both sync.WaitGroup
	both.Go(func() { front = p.dial(ctx, s, s.FrontPort()) })
	both.Go(func() { api = p.dial(ctx, s, port) })
	both.Wait()
	return front, api
}

// dial opens a connection and closes it. The error is in words.
func (p *patient) dial(ctx context.Context, s *server, port int) error {
	dial := p.env.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	leave, err := p.forServers.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	dialing, cancel := context.WithTimeout(ctx, oneRequest)
	defer cancel()
	at := s.aliases.Reach(net.JoinHostPort(s.Host, strconv.Itoa(port)))
	conn, err := dial(dialing, "tcp", at)
	if errors.Is(inTime(ctx, err), errLate) {
		return errLate
	}
	if err != nil {
		request := wire.Request{Method: http.MethodGet, URL: "https://" + at}
		var words *wire.Error
		if errors.As(request.NetworkError(ctx, err, oneRequest), &words) {
			return errors.New(words.Message)
		}
		return err
	}
	return conn.Close()
}
