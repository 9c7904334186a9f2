package e2e

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
)

// sha256Of is the fingerprint of the first certificate of a file.
func sha256Of(t *testing.T, file string) string {
	t.Helper()
	block, _ := pem.Decode(readFile(t, file))
	if block == nil {
		t.Fatalf("%s holds no PEM", file)
	}
	if _, err := x509.ParseCertificate(block.Bytes); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("sha256:%x", sha256.Sum256(block.Bytes))
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Linked vCenters have other CAs: each control plane host is asked about by itself, before the password is sent there.
func TestFirstUseOfLinkedHosts(t *testing.T) {
	t.Parallel()
	u := newUser(t, "ns1")
	r := newRelay(t, 50)
	r.revive(-1)
	lab := site.Supervisors[0]
	args := []string{"kubectl-vsphere", "login", "--server", r.address, "-u", u.Username}
	front, linked := sha256Of(t, r.caFile), sha256Of(t, lab.CA)

	t.Run("by fingerprint", func(t *testing.T) {
		h := newHome(t, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
		out, code := h.run(t, append(args, "--ca-fingerprint", linked)...)
		if code != 4 || !strings.Contains(out, "it does not show the certificate of --ca-fingerprint") {
			t.Errorf("the wrong one: exit code %d:\n%s", code, out)
		}
		out, code = h.run(t, append(args, "--ca-fingerprint", front)...)
		if code != 5 || !strings.Contains(out, lab.Server) || !strings.Contains(out, "it does not show the certificate of --ca-fingerprint") {
			t.Errorf("one of two: exit code %d:\n%s", code, out)
		}
		out, code = h.run(t, append(args, "--ca-fingerprint", front+","+linked)...)
		if code != 0 {
			t.Errorf("both: exit code %d:\n%s", code, out)
		}
		if out, code := h.run(t, "kubectl", "--context", "ns1", "get", "configmaps"); code != 0 {
			t.Errorf("kubectl: %s", out)
		}
		// Nothing answers at port 6443 of the relay. So contexts go by its front, whose CA is another one than the API server's.
		name, _, _ := strings.Cut(r.address, ":")
		out, _ = h.run(t, "kubectl", "config", "view", "--raw", "-o", `jsonpath={.clusters[?(@.name=="`+name+`")].cluster.certificate-authority-data}`)
		if told, err := base64.StdEncoding.DecodeString(out); err != nil || !bytes.Equal(told, readFile(t, r.caFile)) {
			t.Errorf("the front is verified by %s, %v", told, err)
		}
		for _, again := range [][]string{args, append(args, "--ca-fingerprint", front)} { // The linked host's is remembered.
			if out, code := h.run(t, again...); code != 0 {
				t.Errorf("%q: exit code %d:\n%s", again, code, out)
			}
		}
		if out, code := h.run(t, "kubectl-vsphere", "get-token", "--server", lab.Server, "--user", u.Username, "--force-refresh"); code != 0 {
			t.Errorf("renewal: exit code %d:\n%s", code, out)
		}
	})

	t.Run("on a terminal", func(t *testing.T) {
		h := newHome(t)
		term := h.onTerminal(t, args...)
		term.expect("The certificate of " + r.address)
		term.expect("[y/N] ")
		term.enter("y\r")
		term.expect("Password: ")
		term.enter(u.Password + "\r")
		host, _, err := net.SplitHostPort(lab.Server)
		if err != nil {
			host = lab.Server
		}
		term.expect("The certificate of " + host)
		term.expect(strings.ToUpper(linked[len("sha256:") : len("sha256:")+2]))
		term.expect("[y/N] ")
		term.enter("y\r")
		if code := term.wait(); code != 0 || strings.Count(term.output(), "[y/N]") != 2 {
			t.Errorf("exit code %d:\n%s", code, term.output())
		}
		if out, code := h.run(t, "kubectl", "--context", "ns1", "get", "configmaps"); code != 0 {
			t.Errorf("kubectl: %s", out)
		}
	})
}

// A Supervisor behind NAT is reached at another address, and is still the one of its certificate: by us, by kubectl, in renewals.
func TestControlPlaneAddress(t *testing.T) {
	t.Parallel()
	u := newUser(t, "ns1")
	h := newHome(t)
	server := site.Supervisors[0].Server
	host, port, err := net.SplitHostPort(server)
	if err != nil {
		host, port = server, ""
	}
	inside := host[:strings.LastIndex(host, ".")+1] + "229" // In the certificates; nothing listens there: the last front that a lab can have.
	name := inside
	if port != "" {
		name = net.JoinHostPort(inside, port)
	}
	args := []string{"kubectl-vsphere", "login", "--server", name, "-u", u.Username, "--certificate-authority", site.Supervisors[0].CA,
		"--password-command", "cat " + h.passwordFile(t, u.Password)}
	if out, code := h.run(t, append(args, "--request-timeout", "2")...); code != 4 {
		t.Fatalf("it can be reached without: exit code %d:\n%s", code, out)
	}
	if out, code := h.run(t, append(args, "--control-plane-address", inside+"="+host)...); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, out)
	}
	for _, command := range [][]string{
		{"kubectl", "--context", inside, "auth", "whoami"},
		{"kubectl-vsphere", "whoami", "--context", inside},
		{"kubectl-vsphere", "get-token", "--server", name, "--user", u.Username, "--force-refresh"},
		{"kubectl-vsphere", "login"}, // repeats it
	} {
		if out, code := h.run(t, command...); code != 0 {
			t.Errorf("%q: exit code %d:\n%s", command, code, out)
		}
	}
	if config := h.kubeconfig(t); !strings.Contains(config, "tls-server-name: "+inside) || !strings.Contains(config, "server: https://"+host+":6443") {
		t.Errorf("%s", config)
	}
}
