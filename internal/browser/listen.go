package browser

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/syserr"
)

// Listen listens for the browser's redirect at address (HOST:PORT). If address is empty, it uses a free port of 127.0.0.1.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	if host, port, err := net.SplitHostPort(address); err == nil && isLocalhost(host) {
		address = "127.0.0.1:" + port // The name may resolve to ::1.
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, notListening(address, err)
	}
	return l, nil
}

// notListening says why the program cannot listen, with a next step.
func notListening(address string, err error) error {
	var op *net.OpError
	var name *net.DNSError
	if errors.As(err, &op) {
		err = op.Err
	}
	step := "Another program may use that port. Name another one with --listen-address, or leave the flag out to use a free port."
	if errors.As(err, &name) || syserr.NoAddress.Is(err) {
		step = "Name an address of this machine with --listen-address, or leave the flag out. In a container, 0.0.0.0 means all its addresses."
	}
	return failure.Hint(fmt.Errorf("listen for the browser on %s: %w", address, err), "%s", step)
}

func isLocalhost(host string) bool { return strings.EqualFold(host, "localhost") }

// CheckAddress returns an error if other machines can reach address, unless remote is true. They could read or fake the login's answer.
func CheckAddress(address string, remote bool) error {
	if address == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%q is not HOST:PORT", address)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q is not a port: want 0 to 65535", port)
	}
	ip := net.ParseIP(host)
	switch {
	case isLocalhost(host), host == "127.0.0.1":
		return nil
	case ip != nil && ip.IsLoopback():
		return fmt.Errorf("a browser returns to 127.0.0.1, never to %s", host)
	case !remote:
		return fmt.Errorf("other machines can reach %s; in a container with a published port, add --listen-remote", address)
	}
	return nil
}
