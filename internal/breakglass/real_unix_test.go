//go:build unix

package breakglass_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/breakglass"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
)

func signer(t *testing.T) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sshd is a node that lets one key in, says which command it got, and ends that with 7. It returns the port.
func sshd(t *testing.T, host ssh.Signer, user ssh.PublicKey) string {
	t.Helper()
	config := &ssh.ServerConfig{PublicKeyCallback: func(c ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if c.User() != breakglass.User || string(key.Marshal()) != string(user.Marshal()) {
			return nil, fmt.Errorf("no %s", c.User())
		}
		return &ssh.Permissions{}, nil
	}}
	config.AddHostKey(host)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { serve(c, config) })
		}
	})
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func serve(c net.Conn, config *ssh.ServerConfig) {
	defer c.Close()
	conn, channels, requests, err := ssh.NewServerConn(c, config)
	if err != nil {
		return
	}
	defer conn.Close()
	go ssh.DiscardRequests(requests)
	for opened := range channels {
		channel, asked, err := opened.Accept()
		if err != nil {
			return
		}
		for r := range asked {
			_ = r.Reply(r.Type == "exec", nil)
			if r.Type == "exec" {
				fmt.Fprintf(channel, "ran %s\n", r.Payload[4:])
				_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{7}))
				_ = channel.Close()
			}
		}
	}
}

// OpenSSH itself takes the key and our options: it knows a node by its UID, asks about a new host key, and refuses a changed one.
func TestSessionOfOpenSSH(t *testing.T) {
	program, err := exec.LookPath("ssh")
	if err != nil {
		t.Skip("there is no ssh; install openssh-client: ", err)
	}
	w := consoletest.New(t)
	w.Programs["ssh"] = program
	key := w.SSHKey("")
	parsed, err := ssh.ParsePrivateKey([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	host := signer(t)
	port := sshd(t, host, parsed.PublicKey())
	try := func(uid, port string, acceptNew bool) (string, error) {
		node, err := breakglass.NodeAt("n1", uid, "127.0.0.1")
		if err != nil || node.Address != netip.MustParseAddr("127.0.0.1") {
			t.Fatal(err)
		}
		var failed error
		r := w.Do(func(ctx context.Context, e *console.Env) {
			s := breakglass.Session{Env: e, Store: w.Store(), Node: node, AcceptNew: acceptNew}
			s.Args = []string{"-F", "none", "-p", port, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "uptime", "-p"}
			failed = s.Run(ctx, program, redact.Secret(key))
		})
		gone(t, w)
		return r.Out + r.Err, failed
	}
	if said, err := try("u-1", port, false); failure.Code(err) != 255 || !strings.Contains(said, "Host key verification failed") {
		t.Errorf("a new host key was taken: %v %s", err, said)
	}
	if said, err := try("u-1", port, true); failure.Code(err) != 7 || !strings.Contains(said, "ran uptime -p\n") {
		t.Fatalf("%v %s", err, said)
	}
	if hosts, err := os.ReadFile(w.Store().HostKeysPath()); err != nil || !strings.HasPrefix(string(hosts), "node-u-1 ssh-ed25519 ") {
		t.Errorf("%q %v", hosts, err)
	}
	if said, err := try("u-1", port, false); failure.Code(err) != 7 || strings.Contains(said, "note:") {
		t.Errorf("%v %s", err, said)
	}
	other := sshd(t, signer(t), parsed.PublicKey())
	for _, acceptNew := range []bool{false, true} {
		if said, err := try("u-1", other, acceptNew); failure.Code(err) != 255 || !strings.Contains(said, "REMOTE HOST IDENTIFICATION HAS CHANGED") {
			t.Errorf("a changed host key was taken: %v %s", err, said)
		}
	}
	if said, err := try("u-2", other, true); failure.Code(err) != 7 {
		t.Errorf("another node with the same address: %v %s", err, said)
	}
	foreign := sshd(t, host, signer(t).PublicKey())
	if said, err := try("u-1", foreign, false); failure.Code(err) != 255 || !strings.Contains(said, "Permission denied (publickey)") {
		t.Errorf("%v %s", err, said)
	}
}
