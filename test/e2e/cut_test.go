package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// relay stands before a Supervisor as a server of its own, and dies after a number of bytes that it has answered.
type relay struct {
	address, target string
	caFile          string
	cert            tls.Certificate
	listener        net.Listener

	mu    sync.Mutex
	left  int // bytes until it dies; negative is never
	total int // bytes since it was revived
	open  []net.Conn
}

// newRelay listens on an address of 127.79.0.0/16 that no other test has, on the port of the fronts, since that is the port of all
// control plane hosts.
func newRelay(t *testing.T, last int) *relay {
	t.Helper()
	front := site.Supervisors[0].Server
	host, port, err := net.SplitHostPort(front)
	if err != nil {
		host, port = front, "443"
	}
	ip := fmt.Sprintf("127.79.%d.%d", os.Getpid()%250, last)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP(ip)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{address: ip, target: net.JoinHostPort(host, port), caFile: filepath.Join(t.TempDir(), "ca.pem"), cert: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}}
	if port != "443" {
		r.address = net.JoinHostPort(ip, port)
	}
	if err := os.WriteFile(r.caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	if r.listener, err = net.Listen("tcp", net.JoinHostPort(ip, port)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = r.listener.Close()
		r.revive(0)
	})
	go r.accept()
	return r
}

func (r *relay) accept() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		go r.serve(tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{r.cert}, MinVersion: tls.VersionTLS12}))
	}
}

func (r *relay) serve(client net.Conn) {
	defer client.Close()
	server, err := tls.Dial("tcp", r.target, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer server.Close()
	r.mu.Lock()
	r.open = append(r.open, server)
	dead := r.left == 0
	r.mu.Unlock()
	if dead {
		return
	}
	go r.ask(server, client)
	buf := make([]byte, 4096)
	for {
		n, err := server.Read(buf)
		part, dead := r.pass(n)
		_, _ = client.Write(buf[:part])
		if err != nil || dead {
			return
		}
	}
}

// ask passes requests on. What is only good to know is not told by a server that is about to die.
func (r *relay) ask(server io.Writer, client net.Conn) {
	buf := make([]byte, 4096)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if r.dies() && bytes.HasPrefix(buf[:n], []byte("GET /api/")) {
			_, err = io.WriteString(client, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
		} else {
			_, err = server.Write(buf[:n])
		}
		if err != nil {
			return
		}
	}
}

func (r *relay) dies() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.left >= 0
}

// pass tells how many of n bytes still go through, and whether it dies then.
func (r *relay) pass(n int) (part int, dead bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left >= 0 {
		n = min(n, r.left)
		r.left -= n
	}
	r.total += n
	return n, r.left == 0
}

// revive lets it live for so many bytes.
func (r *relay) revive(left int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, conn := range r.open {
		_ = conn.Close()
	}
	r.left, r.total, r.open = left, 0, nil
}

// A Supervisor that dies after each byte of its replies: a clear error, at most one attempt with the password, and nothing is written.
func TestServerDiesAtEachByte(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	const workers = 3
	login := func(r *relay, h *home) (string, int) {
		return h.run(t, "kubectl-vsphere", "login", "--server", r.address, "-u", u.Username, "--certificate-authority", r.caFile)
	}
	first := newRelay(t, 100)
	first.revive(1 << 20)
	if out, code := login(first, newHome(t, "KUBECTL_VSPHERE_PASSWORD="+u.Password)); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, out)
	}
	first.mu.Lock()
	total := first.total
	first.mu.Unlock()
	before := len(logins(t, u))
	var next int
	var mu sync.Mutex
	var group sync.WaitGroup
	for worker := range workers {
		r := newRelay(t, worker+1)
		group.Go(func() {
			h := newHome(t, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
			for !t.Failed() {
				mu.Lock()
				at := next
				next++
				mu.Unlock()
				if at >= total {
					return
				}
				r.revive(at)
				// As after five minutes: four requests without an answer end all sending by itself.
				if err := os.RemoveAll(filepath.Join(h.dir, ".local/state/kubectl-vsphere/accounts")); err != nil {
					t.Error(err)
				}
				out, code := login(r, h)
				if code != 4 || strings.Count(out, "error: ") != 1 || strings.Contains(out, "goroutine ") || !strings.Contains(out, r.address) {
					t.Errorf("after %d of %d bytes: exit code %d:\n%s", at, total, code, out)
				}
				if _, err := os.Stat(filepath.Join(h.dir, ".kube", "config")); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("after %d of %d bytes: a kubeconfig was written: %v", at, total, err)
				}
				if _, err := os.Stat(filepath.Join(h.dir, ".local/state/kubectl-vsphere/sessions")); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("after %d of %d bytes: a session was written: %v", at, total, err)
				}
			}
		})
	}
	group.Wait()
	t.Logf("%d bytes", total)
	sent := map[string]int{}
	for _, line := range logins(t, u)[before:] {
		sent[line]++
	}
	for line, n := range sent {
		if n > total {
			t.Errorf("%s: %d times in %d logins", line, n, total)
		}
	}
}
