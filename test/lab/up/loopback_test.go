package up

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Nothing of a site listens beyond loopback or is connected with anything there.
func TestLoopbackOnly(t *testing.T) {
	provisioned(t)
	processes := family(t)
	missing := []string{"capi-provision", "capv", "vmop", "vcsim", "controller-manager", "apiserver --etcd-servers=http", "--etcd-prefix=/guest-"}
	for _, pid := range processes {
		missing = slices.DeleteFunc(missing, func(part string) bool { return strings.Contains(name(pid), part) })
	}
	if len(missing) > 0 {
		t.Errorf("nothing runs that is called %q", missing)
	}
	found := sockets(t, processes)
	if len(found) < 60 {
		t.Errorf("only %d sockets: the test does not see them", len(found))
	}
	for _, s := range found {
		if s.strays() {
			t.Errorf("%s: %v", name(s.pid), s)
		}
	}
}

// The test above sees every kind of socket, also of a child's child, and of one whose parent has ended.
func TestStraysAreSeen(t *testing.T) {
	for _, how := range []string{"tcp4 0.0.0.0:0", "tcp6 [::]:0", "udp4 0.0.0.0:0", "udp6 [::]:0", "child tcp4 0.0.0.0:0", "orphan udp4 0.0.0.0:0"} {
		if strings.Contains(how, "6 ") {
			if _, err := os.Stat("/proc/net/if_inet6"); err != nil {
				continue
			}
		}
		port := stray(t, how)
		seen := slices.ContainsFunc(sockets(t, family(t)), func(s socket) bool { return s.strays() && s.local.Port == port })
		if !seen {
			t.Errorf("%s: not seen", how)
		}
	}
	// And no others.
	port := stray(t, "tcp4 127.0.0.1:0")
	for _, s := range sockets(t, family(t)) {
		if s.local.Port == port && s.strays() {
			t.Errorf("%v strays", s)
		}
	}
}

// strayHow makes this program play a process that listens: NETWORK ADDRESS, with "child" or "orphan" before it.
const strayHow = "VSPHERE_LAB_STRAY"

// stray starts such a process until the test ends, and returns its port.
func stray(t *testing.T, how string) int {
	t.Helper()
	in, keep, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	said, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := strayCommand(how)
	cmd.Stdin, cmd.Stdout = in, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = in.Close(), out.Close()
	end := func() {
		_ = keep.Close()
		_, _ = io.Copy(io.Discard, said) // Until all of them have ended.
		_, _ = said.Close(), cmd.Wait()
	}
	t.Cleanup(end)
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(how, "orphan") {
		_ = cmd.Wait() // Then its child has another parent.
	}
	return port
}

func strayCommand(how string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), strayHow+"="+how)
	cmd.Stderr = os.Stderr
	return cmd
}

// playStray listens, prints its port, and ends with its input.
func playStray(how string) error {
	kind, rest, _ := strings.Cut(how, " ")
	if kind == "child" || kind == "orphan" {
		cmd := strayCommand(rest)
		cmd.Stdin, cmd.Stdout = os.Stdin, os.Stdout
		if err := cmd.Start(); err != nil || kind == "orphan" {
			return err
		}
		return cmd.Wait()
	}
	var address net.Addr
	if strings.HasPrefix(kind, "udp") {
		c, err := net.ListenPacket(kind, rest)
		if err != nil {
			return err
		}
		address = c.LocalAddr()
	} else {
		l, err := net.Listen(kind, rest)
		if err != nil {
			return err
		}
		address = l.Addr()
	}
	_, port, err := net.SplitHostPort(address.String())
	if err != nil {
		return err
	}
	fmt.Println(port)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// socket is one of a process.
type socket struct {
	pid           int
	protocol      string
	local, remote net.TCPAddr
}

func (s socket) String() string { return fmt.Sprintf("%s %v to %v", s.protocol, &s.local, &s.remote) }

// strays reports whether others can reach it, or it another machine.
func (s socket) strays() bool {
	return !s.local.IP.IsLoopback() || !s.remote.IP.IsLoopback() && !s.remote.IP.IsUnspecified()
}

// sockets are those of the processes, as their networks list them.
func sockets(t *testing.T, pids []int) []socket {
	t.Helper()
	var all []socket
	for _, pid := range pids {
		open := inodes(pid)
		for _, protocol := range []string{"tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "icmp", "icmp6", "raw", "raw6"} {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, protocol))
			if err != nil {
				continue // The process has ended, or the kernel does not have the protocol.
			}
			for _, line := range strings.Split(string(text), "\n")[1:] {
				if f := strings.Fields(line); len(f) > 9 && open[f[9]] {
					all = append(all, socket{pid, protocol, address(t, f[1]), address(t, f[2])})
				}
			}
		}
	}
	return all
}

// address reads HEX:PORT, whose words of four bytes are in the machine's order.
func address(t *testing.T, text string) net.TCPAddr {
	t.Helper()
	host, port, _ := strings.Cut(text, ":")
	ip, err := hex.DecodeString(host)
	if err != nil {
		t.Fatal(err)
	}
	for word := range slices.Chunk(ip, 4) {
		slices.Reverse(word)
	}
	n, err := strconv.ParseUint(port, 16, 16)
	if err != nil {
		t.Fatal(err)
	}
	return net.TCPAddr{IP: ip, Port: int(n)}
}

// adopt makes this process the parent of all that its children leave behind, so that family has them.
func adopt() error { return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// family is this process with its children and theirs.
func family(t *testing.T) []int {
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
	all := []int{os.Getpid()}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}

// inodes are those of a process's sockets.
func inodes(pid int) map[string]bool {
	all := map[string]bool{}
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, file := range files {
		if target, err := os.Readlink(file); err == nil {
			if inode, ok := strings.CutPrefix(target, "socket:["); ok {
				all[strings.TrimSuffix(inode, "]")] = true
			}
		}
	}
	return all
}

func name(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return strings.ReplaceAll(string(text), "\x00", " ")
}
