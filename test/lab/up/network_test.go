package up

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// alone says that this process is in a network of its own, which has nothing but loopback.
const alone = "VSPHERE_LAB_ALONE"

// isolate starts this program again in a network of its own, where the kernel counts what is sent beyond loopback. Only root may.
func isolate() error {
	if os.Getenv(alone) != "" || os.Geteuid() != 0 {
		return nil
	}
	runtime.LockOSThread() // The thread that has the network becomes the new process.
	defer runtime.UnlockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return nil // Some containers forbid it, and this thread is as before.
	}
	if err := loopbackUp(); err != nil {
		return fmt.Errorf("loopback of a new network: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return unix.Exec(self, os.Args, append(os.Environ(), alone+"=1"))
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo)
}

// sentByTests is how many packets the tests have sent beyond loopback to see them counted.
var sentByTests int

// packetsBeyondLoopback is how many packets found no way out of the network that isolate made: IpOutNoRoutes and Ip6OutNoRoutes.
func packetsBeyondLoopback() (int, error) {
	text, err := os.ReadFile("/proc/net/snmp")
	if err != nil {
		return 0, err
	}
	lines := strings.Split(string(text), "\n") // Two for each protocol: names, values.
	names, values := strings.Fields(lines[0]), strings.Fields(lines[1])
	if values[0] != "Ip:" || len(names) != len(values) {
		return 0, fmt.Errorf("/proc/net/snmp: %q", lines[:2])
	}
	count := map[string]string{}
	for i, name := range names {
		count["Ip"+name] = values[i]
	}
	if text, err = os.ReadFile("/proc/net/snmp6"); err == nil { // Without IPv6 it is not there.
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) == 2 {
				count[f[0]] = f[1]
			}
		}
	} else {
		count["Ip6OutNoRoutes"] = "0"
	}
	v4, err := strconv.Atoi(count["IpOutNoRoutes"])
	if err != nil {
		return 0, err
	}
	v6, err := strconv.Atoi(count["Ip6OutNoRoutes"])
	return v4 + v6, err
}

// checkPackets is an error where a packet went beyond loopback since this program began.
func checkPackets() error {
	if os.Getenv(alone) == "" {
		return nil
	}
	if n, err := packetsBeyondLoopback(); err != nil || n != sentByTests {
		return fmt.Errorf("packets were sent beyond loopback: %d, and %d of them by the tests (%v)", n, sentByTests, err)
	}
	return nil
}

// TestMain fails where a packet of the lab leaves the machine. This sees such packets counted, of each kind.
func TestPacketsAreCounted(t *testing.T) {
	if os.Getenv(alone) == "" {
		t.Skip("only root, outside of some containers, may have a network of its own")
	}
	for _, c := range []struct{ network, address string }{
		{"udp4", "192.0.2.1:53"}, {"tcp4", "192.0.2.1:443"}, {"udp6", "[2001:db8::1]:53"}, {"tcp6", "[2001:db8::1]:443"},
	} {
		if strings.HasSuffix(c.network, "6") {
			if _, err := os.Stat("/proc/net/if_inet6"); err != nil {
				continue
			}
		}
		before, err := packetsBeyondLoopback()
		if err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial(c.network, c.address)
		if err == nil {
			t.Errorf("%s: a way to %v", c.network, conn.RemoteAddr())
			_ = conn.Close()
		}
		after, err := packetsBeyondLoopback()
		if err != nil || after == before {
			t.Errorf("%s: not counted: %v", c.network, err)
		}
		sentByTests += after - before
	}
}
