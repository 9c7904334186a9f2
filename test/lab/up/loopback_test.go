package up

import (
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Nothing of a site listens beyond loopback or is connected with anything there.
func TestLoopbackOnly(t *testing.T) {
	provisioned(t)
	all := sockets(t)
	listening := 0
	missing := []string{"capi", "capv", "vmop", "vcsim", "apiserver --etcd-servers=http", "--etcd-prefix=/guest-"}
	for _, pid := range family(t, site.pid) {
		missing = slices.DeleteFunc(missing, func(part string) bool { return strings.Contains(name(pid), part) })
		for _, inode := range inodes(pid) {
			s, ok := all[inode]
			if !ok {
				continue
			}
			if s.remote.IsUnspecified() {
				listening++
			}
			if !s.local.IsLoopback() || !s.remote.IsLoopback() && !s.remote.IsUnspecified() {
				t.Errorf("%s: %v to %v", name(pid), s.local, s.remote)
			}
		}
	}
	if len(missing) > 0 {
		t.Errorf("nothing runs that is called %q", missing)
	}
	if listening < 20 {
		t.Errorf("only %d sockets listen: the test does not see them", listening)
	}
}

type socket struct{ local, remote net.IP }

// sockets are those of this machine by their inodes.
func sockets(t *testing.T) map[string]socket {
	t.Helper()
	all := map[string]socket{}
	for _, file := range []string{"tcp", "tcp6", "udp", "udp6"} {
		text, err := os.ReadFile("/proc/net/" + file)
		if os.IsNotExist(err) {
			continue // No IPv6.
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(string(text), "\n")[1:] {
			if f := strings.Fields(line); len(f) > 9 {
				all[f[9]] = socket{address(t, f[1]), address(t, f[2])}
			}
		}
	}
	return all
}

// address reads HEX:PORT, whose words of four bytes are in the machine's order.
func address(t *testing.T, text string) net.IP {
	t.Helper()
	host, _, _ := strings.Cut(text, ":")
	ip, err := hex.DecodeString(host)
	if err != nil {
		t.Fatal(err)
	}
	for word := range slices.Chunk(ip, 4) {
		slices.Reverse(word)
	}
	return ip
}

// family is a process with its children and theirs.
func family(t *testing.T, pid int) []int {
	t.Helper()
	children := map[int][]int{}
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // It ended meanwhile.
		}
		_, after, _ := strings.Cut(string(text), ") ")
		child, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if f := strings.Fields(after); len(f) > 1 {
			parent, _ := strconv.Atoi(f[1])
			children[parent] = append(children[parent], child)
		}
	}
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	if len(all) < 11 { // The lab, and an API server with its controller manager four times, and Cluster API twice.
		t.Fatalf("only %d processes", len(all))
	}
	return all
}

func inodes(pid int) []string {
	var all []string
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, file := range files {
		if target, err := os.Readlink(file); err == nil {
			if inode, ok := strings.CutPrefix(target, "socket:["); ok {
				all = append(all, strings.TrimSuffix(inode, "]"))
			}
		}
	}
	return all
}

func name(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return strings.ReplaceAll(string(text), "\x00", " ")
}
