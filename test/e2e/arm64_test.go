package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// newARM makes a home whose programs are those for arm64. Each is a script that runs one by qemu, so that it also works where the kernel
// does not start them itself.
func newARM(t *testing.T) *home {
	t.Helper()
	qemu := ""
	for _, name := range []string{"qemu-aarch64-static", "qemu-aarch64"} {
		if path, err := exec.LookPath(name); err == nil && qemu == "" {
			qemu = path
		}
	}
	if qemu == "" {
		t.Skip("qemu-aarch64 is not installed (Debian's qemu-user-static); .ci/run installs it")
	}
	h := newHome(t)
	dir := filepath.Join(h.dir, "arm64")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"kubectl", "kubectl-vsphere", "docker-credential-vsphere"} {
		program := filepath.Join(bin, "arm64", name)
		if _, err := os.Stat(program); err != nil {
			t.Fatalf("%v (make cross makes it)", err)
		}
		script := fmt.Sprintf("#!/bin/sh\nexec '%s' '%s' \"$@\"\n", qemu, program)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	h.setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return h
}

// arm runs a program for arm64.
func (h *home) arm(stdin string, args ...string) (output string, code int) {
	c := h.command(append([]string{filepath.Join(h.dir, "arm64", args[0])}, args[1:]...)...)
	c.Stdin = strings.NewReader(stdin)
	out, err := c.CombinedOutput()
	return string(out), exitCode(err)
}

// Linux on arm64: login, kubectl, docker, logout.
func TestARM64(t *testing.T) {
	t.Parallel()
	h, u := newARM(t), newUser(t, "ns1")
	ok := func(stdin string, args ...string) string {
		t.Helper()
		out, code := h.arm(stdin, args...)
		if code != 0 {
			t.Fatalf("%s: exit %d\n%s", strings.Join(args, " "), code, out)
		}
		return out
	}
	says(t, ok("", "kubectl-vsphere", "version"), "linux/arm64")
	login := []string{"kubectl-vsphere", "login", "--server", site.Supervisors[0].Server, "-u", u.Username, "--certificate-authority", site.Supervisors[0].CA,
		"--workload-clusters", "none", "--password-stdin"}
	ok(u.Password+"\n", login...)
	// The script on PATH is another program to login, so contexts have the path of the one that ran, which the kernel does not start.
	config := filepath.Join(h.dir, ".kube", "config")
	program := "command: " + filepath.Join(bin, "arm64", "kubectl-vsphere")
	text := read(t, config)
	says(t, text, program)
	if err := os.WriteFile(config, []byte(strings.ReplaceAll(text, program, "command: kubectl-vsphere")), 0o600); err != nil {
		t.Fatal(err)
	}
	ok("", "kubectl", "--context", "ns1", "create", "configmap", "arm64", "--from-literal=a=b")
	says(t, ok("", "kubectl", "--context", "ns1", "get", "configmap", "arm64", "-o", "jsonpath={.data.a}"), "b")
	ok("", "kubectl", "--context", "ns1", "delete", "configmap", "arm64")
	says(t, ok("", "kubectl", "vsphere", "status"), u.Username)
	if out, code := h.arm(u.Password+"x\n", login...); code != 3 {
		t.Errorf("a wrong password: exit %d\n%s", code, out)
	}
	ok(u.Password+"\n", login...)
	ok("", "kubectl-vsphere", "registry", "add", site.Registry.Host)
	var secret struct{ Username, Secret string }
	if out := ok(site.Registry.Host+"\n", "docker-credential-vsphere", "get"); json.Unmarshal([]byte(out), &secret) != nil || secret.Username == "" || secret.Secret == "" {
		t.Errorf("%q", out)
	}
	ok("", "kubectl-vsphere", "logout")
	if left, _ := filepath.Glob(filepath.Join(h.dir, ".local/state/kubectl-vsphere/*/*.json")); len(left) > 0 {
		for _, path := range left {
			if text := read(t, path); strings.Contains(text, "eyJ") {
				t.Errorf("%s is left:\n%s", path, text)
			}
		}
	}
	if out, code := h.arm("", "kubectl", "--context", "ns1", "get", "pods"); code == 0 {
		t.Errorf("it works after the logout:\n%s", out)
	}
}
