package trust

import (
	"context"
	"net"
	"time"
)

// stagger is how long a connection to one address of a name is waited for before the next address is tried beside it (RFC 8305, section 5).
const stagger = 250 * time.Millisecond

// maxAddresses bounds the addresses of a name that are tried.
const maxAddresses = 8

// dialer connects to a name that has several addresses, some of which may be dead: a firewall that drops packets never answers. net.Dialer
// tries those of one family one after the other, and each takes its share of the timeout.
type dialer struct {
	lookup func(ctx context.Context, host string) ([]string, error)
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
}

func newDialer(timeout time.Duration) dialer {
	return dialer{lookup: net.DefaultResolver.LookupHost, dial: (&net.Dialer{Timeout: timeout}).DialContext}
}

// connection is the outcome of one attempt.
type connection struct {
	conn net.Conn
	err  error
}

// DialContext is that of http.Transport. The error is that of the first address.
func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || net.ParseIP(host) != nil {
		return d.dial(ctx, network, address)
	}
	addresses, err := d.lookup(ctx, host)
	if err != nil || len(addresses) < 2 {
		return d.dial(ctx, network, address) // Its errors name the host.
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	addresses = addresses[:min(len(addresses), maxAddresses)]
	results := make(chan connection, len(addresses))
	var first error
	underway := 0
	for len(addresses) > 0 || underway > 0 {
		var next <-chan time.Time
		if len(addresses) > 0 {
			to := net.JoinHostPort(addresses[0], port)
			addresses = addresses[1:]
			underway++
			go func() {
				conn, err := d.dial(ctx, network, to)
				results <- connection{conn, err}
			}()
			next = time.After(stagger)
		}
		select {
		case <-next:
			continue
		case r := <-results:
			underway--
			if r.err == nil {
				go closeOthers(results, underway)
				return r.conn, nil
			}
			if first == nil {
				first = r.err
			}
		}
	}
	return nil, first
}

// closeOthers closes connections that came too late.
func closeOthers(results <-chan connection, underway int) {
	for range underway {
		if r := <-results; r.err == nil {
			_ = r.conn.Close()
		}
	}
}
