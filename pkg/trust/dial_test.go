package trust

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"testing"
)

// network is what answers, by address (HOST:PORT). A dead address does not answer until the context ends.
type network struct {
	addresses []string
	refuse    error
	live      []string
	late      bool // a dead address answers at last, when another one has won

	mu     sync.Mutex
	dialed []string
	closed sync.WaitGroup
}

type counted struct {
	net.Conn
	done func()
}

func (c counted) Close() error { c.done(); return nil }

func (n *network) dial(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	n.dialed = append(n.dialed, address)
	n.mu.Unlock()
	switch {
	case slices.Contains(n.live, address):
		return counted{done: func() {}}, nil
	case n.refuse != nil:
		return nil, n.refuse
	}
	<-ctx.Done()
	if n.late {
		return counted{done: n.closed.Done}, nil
	}
	return nil, ctx.Err()
}

// A name with a dead address is reached at another one, and one without is dialed as ever.
func TestDialAroundADeadAddress(t *testing.T) {
	refused := errors.New("refused")
	for name, tc := range map[string]struct {
		*network
		address string
		want    []string
		err     error
	}{
		"the first is dead":       {&network{addresses: []string{"10.0.0.1", "10.0.0.2"}, live: []string{"10.0.0.2:443"}}, "sup:443", []string{"10.0.0.1:443", "10.0.0.2:443"}, nil},
		"two are dead":            {&network{addresses: []string{"10.0.0.1", "fd00::1", "10.0.0.2"}, live: []string{"10.0.0.2:443"}}, "sup:443", []string{"10.0.0.1:443", "[fd00::1]:443", "10.0.0.2:443"}, nil},
		"the first refuses":       {&network{addresses: []string{"10.0.0.1", "10.0.0.2"}, live: []string{"10.0.0.2:443"}, refuse: refused}, "sup:443", []string{"10.0.0.1:443", "10.0.0.2:443"}, nil},
		"all refuse":              {&network{addresses: []string{"10.0.0.1", "10.0.0.2"}, refuse: refused}, "sup:443", []string{"10.0.0.1:443", "10.0.0.2:443"}, refused},
		"the first is well":       {&network{addresses: []string{"10.0.0.1", "10.0.0.2"}, live: []string{"10.0.0.1:443"}}, "sup:443", []string{"10.0.0.1:443"}, nil},
		"one address":             {&network{addresses: []string{"10.0.0.1"}, live: []string{"sup:443"}}, "sup:443", []string{"sup:443"}, nil},
		"an address by itself":    {&network{live: []string{"[fd00::1]:6443"}}, "[fd00::1]:6443", []string{"[fd00::1]:6443"}, nil},
		"no such name":            {&network{refuse: refused}, "sup:443", []string{"sup:443"}, refused},
		"the dead one comes late": {&network{addresses: []string{"10.0.0.1", "10.0.0.2"}, live: []string{"10.0.0.2:443"}, late: true}, "sup:443", []string{"10.0.0.1:443", "10.0.0.2:443"}, nil},
	} {
		n := tc.network
		if n.late {
			n.closed.Add(1)
		}
		d := dialer{
			lookup: func(context.Context, string) ([]string, error) {
				if n.addresses == nil {
					return nil, errors.New("no such host")
				}
				return n.addresses, nil
			},
			dial: n.dial,
		}
		conn, err := d.DialContext(t.Context(), "tcp", tc.address)
		n.mu.Lock()
		if (conn != nil) != (tc.err == nil) || !errors.Is(err, tc.err) || !slices.Equal(n.dialed, tc.want) {
			t.Errorf("%s: %v, %v, dialed %q", name, conn, err, n.dialed)
		}
		n.mu.Unlock()
		n.closed.Wait() // It is closed.
	}
}

// The end of the caller's context ends all attempts.
func TestDialEnds(t *testing.T) {
	n := &network{addresses: []string{"10.0.0.1", "10.0.0.2"}}
	ctx, cancel := context.WithCancel(t.Context())
	d := dialer{lookup: func(context.Context, string) ([]string, error) { cancel(); return n.addresses, nil }, dial: n.dial}
	if _, err := d.DialContext(ctx, "tcp", "sup:443"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
