//go:build unix

package breakglass_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
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

// bastion is a host that leads one key on to other addresses. It notes the keys that it is offered, and where it was asked to lead.
type bastion struct {
	port    string
	mu      sync.Mutex
	offered []string
	led     []string
}

func newBastion(t *testing.T, user ssh.PublicKey) *bastion {
	t.Helper()
	b := &bastion{}
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.offered = append(b.offered, ssh.FingerprintSHA256(key))
		if string(key.Marshal()) != string(user.Marshal()) {
			return nil, fmt.Errorf("another key")
		}
		return &ssh.Permissions{}, nil
	}}
	config.AddHostKey(signer(t))
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
			wg.Go(func() { b.lead(c, config) })
		}
	})
	_, b.port, _ = net.SplitHostPort(l.Addr().String())
	return b
}

// lead leads on as it is asked to (direct-tcpip, RFC 4254, section 7.2).
func (b *bastion) lead(c net.Conn, config *ssh.ServerConfig) {
	defer c.Close()
	conn, channels, requests, err := ssh.NewServerConn(c, config)
	if err != nil {
		return
	}
	defer conn.Close()
	go ssh.DiscardRequests(requests)
	for opened := range channels {
		var to struct {
			Host   string
			Port   uint32
			From   string
			Source uint32
		}
		if opened.ChannelType() != "direct-tcpip" || ssh.Unmarshal(opened.ExtraData(), &to) != nil {
			_ = opened.Reject(ssh.UnknownChannelType, "not here")
			continue
		}
		at := net.JoinHostPort(to.Host, fmt.Sprint(to.Port))
		b.mu.Lock()
		b.led = append(b.led, at)
		b.mu.Unlock()
		node, err := net.Dial("tcp", at)
		if err != nil {
			_ = opened.Reject(ssh.ConnectionFailed, err.Error())
			continue
		}
		channel, asked, err := opened.Accept()
		if err != nil {
			_ = node.Close()
			return
		}
		go ssh.DiscardRequests(asked)
		go func() {
			_, _ = io.Copy(node, channel)
			_ = node.Close()
		}()
		_, _ = io.Copy(channel, node)
		_ = channel.Close()
	}
}

// With --jump, OpenSSH goes through that host with the person's own key for it. The node's key is not offered there, and is gone afterwards.
func TestSessionThroughAJumpHost(t *testing.T) {
	program, err := exec.LookPath("ssh")
	if err != nil {
		t.Skip("there is no ssh; install openssh-client: ", err)
	}
	w := consoletest.New(t)
	w.Programs["ssh"] = program
	key, own := w.SSHKey(""), w.SSHKey("")
	nodeKey, err := ssh.ParsePrivateKey([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	ownKey, err := ssh.ParsePrivateKey([]byte(own))
	if err != nil {
		t.Fatal(err)
	}
	port, jump := sshd(t, signer(t), nodeKey.PublicKey()), newBastion(t, ownKey.PublicKey())
	config := filepath.Join(w.Dir, "config")
	try := func(identity string) (string, error) {
		for path, text := range map[string]string{
			filepath.Join(w.Dir, "own"): own,
			config: "Host bastion\nHostName 127.0.0.1\nPort " + jump.port + "\nIdentityFile " + identity + "\nIdentitiesOnly yes\nIdentityAgent none\n" +
				"UserKnownHostsFile " + filepath.Join(w.Dir, "hosts") + "\nStrictHostKeyChecking accept-new\n",
		} {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		node, err := breakglass.NodeAt("n1", "u-1", "127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		var failed error
		r := w.Do(func(ctx context.Context, e *console.Env) {
			s := breakglass.Session{Env: e, Store: w.Store(), Node: node, AcceptNew: true, Jump: "me@bastion"}
			s.Args = []string{"-F", config, "-p", port, "-o", "BatchMode=yes", "uptime"}
			failed = s.Run(ctx, program, redact.Secret(key))
		})
		gone(t, w)
		return r.Out + r.Err, failed
	}
	if said, err := try("none"); failure.Code(err) != 255 || !strings.Contains(said, "Permission denied (publickey)") || len(jump.offered) > 0 {
		t.Errorf("without a key for the host in between: %v %q %s", err, jump.offered, said)
	}
	if said, err := try(filepath.Join(w.Dir, "own")); failure.Code(err) != 7 || !strings.Contains(said, "ran uptime\n") {
		t.Errorf("%v %s", err, said)
	}
	if at := net.JoinHostPort("127.0.0.1", port); len(jump.led) != 1 || jump.led[0] != at || len(jump.offered) == 0 {
		t.Errorf("it led to %q, not to %s; it was offered %q", jump.led, at, jump.offered)
	}
	for _, offered := range jump.offered {
		if offered != ssh.FingerprintSHA256(ownKey.PublicKey()) {
			t.Errorf("the node's key is offered to the host in between: %s", offered)
		}
	}
}
