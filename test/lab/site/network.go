package site

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// The last number of each part's address in the site's network, 127.A.B.0/24.
const (
	addrShared     = 1 // etcd, webhooks, the admin API
	addrVCenter    = 2
	addrDex        = 3
	addrSupervisor = 11 // and 12
	addrStretched  = 13 // to 15: the control planes of the second Supervisor, whose virtual address is 12
	addrTKG        = 21 // and 22
	addrFront      = 30
	maxFronts      = 200
	addrBalancer   = 230 // and those after it: load balancers of clusters that are made
	maxBalancers   = 25
)

// controlPlanes is how many addresses a stretched Supervisor has beside the virtual one.
const controlPlanes = 3

// Fronts listen on 443 like real ones; where that is not allowed, on this port.
const highPort = 8443

// network is the part of 127.0.0.0/8 that a site has to itself.
type network struct {
	prefix string // 127.A.B.
	port   int    // of the fronts and the vCenter: 443 or highPort
	claim  net.Listener
}

// claimPort is held for as long as a lab runs, so that two labs never share a network.
const claimPort = 8090

// newNetwork takes the network named (127.A.B), or the first free one.
func newNetwork(name string) (*network, error) {
	if name != "" {
		return claimNetwork(name + ".")
	}
	for b := 1; b < 255; b++ {
		n, err := claimNetwork(fmt.Sprintf("127.77.%d.", b))
		if !errors.Is(err, syscall.EADDRINUSE) {
			return n, err
		}
	}
	return nil, errors.New("no free network below 127.77.0.0/16")
}

func claimNetwork(prefix string) (*network, error) {
	if ip := net.ParseIP(prefix + "1"); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("--network: %q is not the beginning 127.A.B of loopback addresses", prefix)
	}
	l, err := net.Listen("tcp", net.JoinHostPort(prefix+strconv.Itoa(addrShared), strconv.Itoa(claimPort)))
	if err != nil {
		return nil, err
	}
	n := &network{prefix: prefix, port: 443, claim: l}
	probe, err := net.Listen("tcp", net.JoinHostPort(n.ip(addrVCenter), "443"))
	if err != nil {
		n.port = highPort
		return n, nil //nolint:nilerr // The other port it is.
	}
	return n, probe.Close()
}

func (n *network) ip(last int) string { return n.prefix + strconv.Itoa(last) }

// front is the name of a front in lab.json, HOST or HOST:PORT.
func (n *network) front(last int) string {
	if n.port == 443 {
		return n.ip(last)
	}
	return net.JoinHostPort(n.ip(last), strconv.Itoa(n.port))
}

// frontIPs are the addresses that a Supervisor may get beside its first.
func (n *network) frontIPs() []net.IP {
	var all []net.IP
	for i := range controlPlanes {
		all = append(all, net.ParseIP(n.ip(addrStretched+i)))
	}
	for i := range maxFronts {
		all = append(all, net.ParseIP(n.ip(addrFront+i)))
	}
	return all
}

func (n *network) listenFront(last int) (net.Listener, error) {
	return net.Listen("tcp", net.JoinHostPort(n.ip(last), strconv.Itoa(n.port)))
}

// nowhere is an address for a cluster that exists by name only: nothing listens there, and no other cluster has it.
func nowhere(i int) string { return fmt.Sprintf("127.78.%d.%d", i/250, i%250+1) }
