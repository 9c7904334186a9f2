package e2e

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

const notFound = "credentials not found in native keychain"

// registryHome is a home of a user who is logged in, in which the registry was added. Calls of the helper are noted.
type registryHome struct {
	*home
	user user
	host string
	log  string
}

// clients is where make puts the registry clients that it builds.
var clients = func() string {
	dir, err := filepath.Abs("../../.cache/clients/bin")
	if err != nil {
		panic(err)
	}
	return dir
}()

// needsRegistry fails where the lab has none: without one nothing here would be tested, and nobody would see it.
func needsRegistry(t *testing.T) {
	t.Helper()
	if site.Registry == nil {
		t.Fatal("the lab has no registry: make lab-build makes bin/registry")
	}
}

// helperHome has the helper on PATH, behind a script that notes how it is called. Docker's configuration is below HOME.
func helperHome(t *testing.T) *registryHome {
	t.Helper()
	needsRegistry(t)
	h := &registryHome{home: newHome(t, "SSL_CERT_FILE="+site.Registry.CA), host: site.Registry.Host}
	h.log = filepath.Join(h.dir, "calls")
	front := filepath.Join(h.dir, "front")
	if err := os.Mkdir(front, 0o700); err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\necho \"$1\" >> '%s'\nexec '%s/docker-credential-vsphere' \"$@\"\n", h.log, bin)
	if err := os.WriteFile(filepath.Join(front, "docker-credential-vsphere"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	h.setenv("PATH", strings.Join([]string{front, bin, clients, os.Getenv("PATH")}, string(os.PathListSeparator)))
	return h
}

// newRegistryHome is one in which login and registry add have run.
func newRegistryHome(t *testing.T, flags ...string) *registryHome {
	t.Helper()
	h := helperHome(t)
	h.user = newUser(t, "ns1")
	h.login(t, h.user, append([]string{"--workload-clusters", "none"}, flags...)...)
	h.ok(t, "kubectl-vsphere", "registry", "add", h.host)
	return h
}

// setenv replaces a variable.
func (h *home) setenv(name, value string) {
	h.env = slices.DeleteFunc(h.env, func(s string) bool { return strings.HasPrefix(s, name+"=") })
	h.env = append(h.env, name+"="+value)
}

// tool runs a program that is found by the home's PATH.
func (h *registryHome) tool(stdin string, args ...string) (output string, code int) {
	path := args[0]
	for _, e := range h.env {
		if dirs, ok := strings.CutPrefix(e, "PATH="); ok && !strings.Contains(path, "/") {
			for _, dir := range filepath.SplitList(dirs) {
				if info, err := os.Stat(filepath.Join(dir, args[0])); err == nil && !info.IsDir() {
					path = filepath.Join(dir, args[0])
					break
				}
			}
		}
	}
	c := exec.Command(path, args[1:]...)
	c.Env, c.Dir, c.Stdin = h.env, h.dir, strings.NewReader(stdin)
	out, err := c.CombinedOutput()
	return string(out), exitCode(err)
}

// ok runs a program that must succeed.
func (h *registryHome) ok(t *testing.T, args ...string) string {
	t.Helper()
	out, code := h.tool("", args...)
	if code != 0 {
		t.Fatalf("%s: exit %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// calls are those of the helper since the last time, as "get 1, store 1".
func (h *registryHome) calls(t *testing.T) string {
	t.Helper()
	text, _ := os.ReadFile(h.log)
	_ = os.Remove(h.log)
	var order []string
	count := map[string]int{}
	for _, word := range strings.Fields(string(text)) {
		if count[word]++; count[word] == 1 {
			order = append(order, word)
		}
	}
	for i, word := range order {
		order[i] = fmt.Sprintf("%s %d", word, count[word])
	}
	return strings.Join(order, ", ")
}

// get is what a client gets for a server URL.
func (h *registryHome) get(url string) (output string, code int) {
	return h.tool(url, "docker-credential-vsphere", "get")
}

// layer is a tar with one file, for an image.
func (h *registryHome) layer(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	text := []byte("hello from " + t.Name())
	if err := w.WriteHeader(&tar.Header{Name: "hello", Mode: 0o644, Size: int64(len(text))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(h.dir, "layer.tar")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// ref is an image in the namespace.
func (h *registryHome) ref(name string) string { return h.host + "/ns1/" + name }

// found skips the test where a program is missing.
func (h *registryHome) found(t *testing.T, name string) {
	t.Helper()
	for _, dir := range append([]string{clients}, filepath.SplitList(os.Getenv("PATH"))...) {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return
		}
	}
	t.Skipf("%s is not installed: .ci/run installs it as root, make clients builds it", name)
}

// step is one command of a client, and how it must call the helper (reference docker-credentials.md, 5.3).
type step struct {
	calls string
	args  []string
}

func (h *registryHome) steps(t *testing.T, steps []step) {
	t.Helper()
	h.calls(t)
	for _, s := range steps {
		h.ok(t, s.args...)
		if calls := h.calls(t); calls != s.calls {
			t.Errorf("%s: the helper was called: %q, want %q", strings.Join(s.args, " "), calls, s.calls)
		}
	}
}

func TestRegistryCrane(t *testing.T) {
	t.Parallel()
	h := newRegistryHome(t)
	h.found(t, "crane")
	image := h.ref("crane:1")
	h.steps(t, []step{
		{"get 1", []string{"crane", "append", "-f", h.layer(t), "-t", image}},
		{"get 1", []string{"crane", "manifest", image}},
		{"get 1", []string{"crane", "pull", image, "out.tar"}},
		{"get 1", []string{"crane", "ls", h.ref("crane")}},
		{"get 2", []string{"crane", "copy", image, h.ref("crane-copy:1")}},
		{"get 1", []string{"crane", "auth", "get", h.host}},
	})
	robot := h.robot(t, "crane")
	h.steps(t, []step{
		{"store 1", []string{"crane", "auth", "login", "-u", robot.Username, "-p", robot.Secret, h.host}},
		{"get 1", []string{"crane", "manifest", image}},
		{"erase 1", []string{"crane", "auth", "logout", h.host}},
	})
}

func TestRegistryRegctl(t *testing.T) {
	t.Parallel()
	h := newRegistryHome(t)
	h.found(t, "regctl")
	h.base(t, "regctl:1")
	h.steps(t, []step{
		{"get 1", []string{"regctl", "manifest", "get", h.ref("regctl:1")}},
		{"get 1", []string{"regctl", "image", "copy", h.ref("regctl:1"), h.ref("regctl:2")}},
		{"get 1", []string{"regctl", "tag", "ls", h.ref("regctl")}},
		{"get 1", []string{"regctl", "image", "export", h.ref("regctl:1"), "pulled.tar"}},
		{"get 1", []string{"regctl", "image", "import", h.ref("regctl-pushed:1"), "pulled.tar"}},
		{"get 1", []string{"crane", "validate", "--remote", h.ref("regctl-pushed:1")}},
	})
}

func TestRegistryOras(t *testing.T) {
	t.Parallel()
	h := newRegistryHome(t)
	h.found(t, "oras")
	h.layer(t)
	h.steps(t, []step{
		{"get 1", []string{"oras", "push", h.ref("oras:1"), "layer.tar"}},
		{"get 1", []string{"oras", "pull", "-o", "pulled", h.ref("oras:1")}},
		{"get 1", []string{"oras", "repo", "tags", h.ref("oras")}},
		{"get 2", []string{"oras", "copy", h.ref("oras:1"), h.ref("oras:2")}},
	})
	robot := h.robot(t, "oras")
	h.steps(t, []step{
		{"store 1", []string{"oras", "login", "-u", robot.Username, "-p", robot.Secret, h.host}},
		{"get 1", []string{"oras", "repo", "tags", h.ref("oras")}},
		{"erase 1", []string{"oras", "logout", h.host}},
	})
}

// base puts an image into the registry.
func (h *registryHome) base(t *testing.T, name string) {
	t.Helper()
	h.found(t, "crane")
	h.ok(t, "crane", "append", "-f", h.layer(t), "-t", h.ref(name))
	h.calls(t)
}

// containers writes the files that podman, skopeo and buildah need in an empty home.
func (h *registryHome) containers(t *testing.T) {
	t.Helper()
	dir := filepath.Join(h.dir, ".config", "containers")
	storage := fmt.Sprintf("[storage]\ndriver = \"vfs\"\nrunroot = %q\ngraphroot = %q\n", filepath.Join(h.dir, "run"), filepath.Join(h.dir, "graph"))
	for name, text := range map[string]string{
		"policy.json": `{"default":[{"type":"insecureAcceptAnything"}]}`, "storage.conf": storage, "registries.conf": "",
	} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h.setenv("CONTAINERS_STORAGE_CONF", filepath.Join(dir, "storage.conf"))
	h.setenv("CONTAINERS_REGISTRIES_CONF", filepath.Join(dir, "registries.conf"))
	t.Cleanup(func() { // Layers have odd modes.
		_ = filepath.WalkDir(h.dir, func(path string, d os.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				_ = os.Chmod(path, 0o700)
			}
			return nil
		})
	})
}

func needsRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may do this here; run it as root")
	}
}

func TestRegistrySkopeo(t *testing.T) {
	t.Parallel()
	h := newRegistryHome(t)
	h.found(t, "skopeo")
	h.containers(t)
	h.base(t, "skopeo:1")
	h.steps(t, []step{
		{"get 2", []string{"skopeo", "inspect", "docker://" + h.ref("skopeo:1")}},
		{"get 1", []string{"skopeo", "copy", "docker://" + h.ref("skopeo:1"), "oci:" + filepath.Join(h.dir, "oci") + ":1"}},
		{"get 1", []string{"skopeo", "copy", "oci:" + filepath.Join(h.dir, "oci") + ":1", "docker://" + h.ref("skopeo:2")}},
		{"get 1", []string{"skopeo", "list-tags", "docker://" + h.ref("skopeo")}},
		{"get 1", []string{"skopeo", "delete", "docker://" + h.ref("skopeo:2")}},
	})
	// Its own login goes to a file of its own, which the helper must be in.
	h.setenv("REGISTRY_AUTH_FILE", filepath.Join(h.dir, "auth.json"))
	h.ok(t, "kubectl-vsphere", "registry", "configure", "--podman")
	robot := h.robot(t, "skopeo")
	h.steps(t, []step{
		{"get 1, store 1", []string{"skopeo", "login", "-u", robot.Username, "-p", robot.Secret, h.host}},
		{"get 2", []string{"skopeo", "inspect", "docker://" + h.ref("skopeo:1")}},
		{"erase 1", []string{"skopeo", "logout", h.host}},
	})
}

func TestRegistryPodmanAndBuildah(t *testing.T) {
	t.Parallel()
	needsRoot(t)
	h := newRegistryHome(t)
	h.found(t, "podman")
	h.found(t, "buildah")
	h.containers(t)
	h.base(t, "podman:1")
	if err := os.WriteFile(filepath.Join(h.dir, "Dockerfile"), []byte("FROM "+h.ref("podman:1")+"\nCOPY layer.tar /again\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.steps(t, []step{
		{"get 1", []string{"podman", "pull", "-q", h.ref("podman:1")}},
		{"", []string{"podman", "tag", h.ref("podman:1"), h.ref("podman:2")}},
		{"get 1", []string{"podman", "push", "-q", h.ref("podman:2")}},
		{"", []string{"podman", "rmi", "-a", "-f"}},
		{"get 1", []string{"buildah", "bud", "-q", "--isolation", "chroot", "-t", h.ref("buildah:1"), "."}},
		{"get 1", []string{"buildah", "push", "-q", h.ref("buildah:1")}},
		{"get 1", []string{"buildah", "pull", "-q", "--policy", "always", h.ref("buildah:1")}},
	})
	h.setenv("REGISTRY_AUTH_FILE", filepath.Join(h.dir, "auth.json"))
	h.ok(t, "kubectl-vsphere", "registry", "configure", "--podman")
	robot := h.robot(t, "podman")
	h.steps(t, []step{
		{"get 1, store 1", []string{"podman", "login", "-u", robot.Username, "-p", robot.Secret, h.host}},
		{"get 1", []string{"podman", "pull", "-q", h.ref("podman:1")}},
		{"erase 1", []string{"podman", "logout", h.host}},
	})
}

// helm lets helm read docker's config.json only: where docker-credential-secretservice is installed, it would ask that before.
func (h *registryHome) helm() {
	h.setenv("HELM_REGISTRY_CONFIG", filepath.Join(h.dir, ".docker", "config.json"))
}

func TestRegistryHelm(t *testing.T) {
	t.Parallel()
	h := newRegistryHome(t)
	h.found(t, "helm")
	h.helm()
	chart := filepath.Join(h.dir, "hello")
	if err := os.MkdirAll(chart, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(chart, "Chart.yaml"), []byte("apiVersion: v2\nname: hello\nversion: 0.1.0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.steps(t, []step{
		{"", []string{"helm", "package", "hello"}},
		{"get 1", []string{"helm", "push", "hello-0.1.0.tgz", "oci://" + h.ref("charts")}},
		{"get 1", []string{"helm", "pull", "oci://" + h.ref("charts/hello"), "--version", "0.1.0"}},
		{"get 1", []string{"helm", "show", "chart", "oci://" + h.ref("charts/hello"), "--version", "0.1.0"}},
	})
}

// A helper for all registries: some clients spell the registry in other ways then, and list first.
func TestRegistryCredsStore(t *testing.T) {
	t.Parallel()
	h := newRegistryHome(t)
	h.base(t, "store:1")
	h.write(t, ".docker/config.json", `{"credsStore":"vsphere"}`)
	h.steps(t, []step{
		{"get 1", []string{"crane", "manifest", h.ref("store:1")}}, // HOST/REPOSITORY
		{"list 1, get 1", []string{"regctl", "manifest", "get", h.ref("store:1")}},
		{"get 1", []string{"oras", "manifest", "fetch", h.ref("store:1")}},
		{"erase 4", []string{"docker", "logout", h.host}},
	})
	if out, code := h.tool("", "crane", "manifest", h.ref("store:1")); code == 0 || !strings.Contains(out, "you logged out of it") {
		t.Errorf("%d %s", code, out)
	}
	// One that was not added is anonymous for everybody.
	if out, code := h.get("other.example"); code != 1 || !strings.HasPrefix(out, notFound) && !strings.Contains(out, notFound) {
		t.Errorf("%d %s", code, out)
	}
}

// The registry sees the person, not a key that everybody has: a user without a namespace gets nothing from it. (TestRegistryRobots has a
// viewer, who may pull but not push.)
func TestRegistryRightsArePersonal(t *testing.T) {
	t.Parallel()
	h := newRegistryHome(t)
	h.base(t, "shared:1")
	other := helperHome(t)
	other.user = newUser(t) // In no namespace.
	other.login(t, other.user, "--workload-clusters", "none")
	other.ok(t, "kubectl-vsphere", "registry", "add", other.host)
	if out, code := other.tool("", "crane", "manifest", h.ref("shared:1")); code == 0 {
		t.Errorf("a stranger pulls: %s", out)
	}
}

// Expired: every client shows the line that says what to type.
func TestRegistryExpired(t *testing.T) {
	t.Parallel()
	h := newRegistryHome(t)
	h.containers(t)
	h.helm()
	h.base(t, "expired:1")
	h.layer(t)
	h.ended(t, h.user, "--workload-clusters", "none")
	image := h.ref("expired:1")
	want := "kubectl vsphere login --server " + site.Supervisors[0].Server + " -u " + h.user.Username
	for _, args := range [][]string{
		{"crane", "manifest", image}, {"regctl", "manifest", "get", image}, {"oras", "pull", image}, {"skopeo", "inspect", "docker://" + image},
		{"podman", "pull", image}, {"buildah", "pull", image}, {"helm", "pull", "oci://" + h.ref("charts/x"), "--version", "0.1.0"},
	} {
		t.Run(args[0], func(t *testing.T) {
			h.found(t, args[0])
			if args[0] == "podman" || args[0] == "buildah" {
				needsRoot(t)
			}
			out, code := h.tool("", args...)
			if code == 0 || !strings.Contains(out, want) || !strings.Contains(out, "docker-credential-vsphere: "+h.host+": ") {
				t.Errorf("%d %s", code, out)
			}
		})
	}
	out, code := h.get(h.host)
	if code != 1 || !strings.HasPrefix(out, "docker-credential-vsphere: ") && !strings.HasPrefix(out, notFound) || strings.Count(strings.TrimSpace(out), "\n") != 1 {
		t.Errorf("%d %q", code, out)
	}
}

// A session that renews itself does so for registry clients, too: the next day's pull needs nobody. However many ask, one password is sent.
func TestRegistryStorm(t *testing.T) {
	t.Parallel()
	h := helperHome(t)
	h.user = newUser(t, "ns1")
	h.setenv("DOCKER_CREDENTIAL_VSPHERE_TIMEOUT", "60s")
	command := "cat " + h.passwordFile(t, h.user.Password)
	h.login(t, h.user, "--workload-clusters", "none", "--password-command", command)
	h.ok(t, "kubectl-vsphere", "registry", "add", h.host)
	h.ended(t, h.user, "--workload-clusters", "none", "--password-command", command)
	const n = 100
	outputs := make([]string, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			c := exec.Command(filepath.Join(bin, "docker-credential-vsphere"), "get")
			c.Env, c.Stdin = h.env, strings.NewReader(h.host)
			out, err := c.Output()
			outputs[i] = fmt.Sprint(string(out), err)
		})
	}
	all.Wait()
	for i, out := range outputs {
		if out != outputs[0] || !strings.Contains(out, `"Username":"tokenreview$`) {
			t.Fatalf("%d: %s\n0: %s", i, out, outputs[0])
		}
	}
	if n := len(logins(t, h.user)); n != 1 {
		t.Errorf("%d logins for %d processes", n, len(outputs))
	}
}

// The hit asks nobody and writes nothing, also where the network and the disk are away.
func TestRegistryHitIsOffline(t *testing.T) {
	t.Parallel()
	h := newRegistryHome(t)
	before := h.state(t)
	h.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
	for _, url := range []string{h.host, "https://" + h.host, "https://" + h.host + "/v2/", h.ref("x"), h.host + "\r\n"} {
		out, code := h.get(url)
		var c struct{ ServerURL, Username, Secret string }
		if code != 0 || json.Unmarshal([]byte(out), &c) != nil || c.ServerURL != strings.TrimSpace(url) || c.Secret == "" || c.Username == "<token>" {
			t.Errorf("%q: %d %s", url, code, out)
		}
	}
	if after := h.state(t); before != after {
		t.Errorf("the store changed:\n%s\n%s", before, after)
	}
}

// state lists the files of the store with their times.
func (h *home) state(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(filepath.Join(h.dir, ".local/state/kubectl-vsphere"), func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil {
			fmt.Fprintln(&b, path, info.ModTime(), info.Size())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A get that has to wait is bounded, and asks nobody, also at a terminal: it says what to type.
func TestRegistryGetIsBounded(t *testing.T) {
	t.Parallel()
	h := helperHome(t)
	h.user = newUser(t, "ns1")
	command := "cat " + h.passwordFile(t, h.user.Password)
	h.login(t, h.user, "--workload-clusters", "none", "--password-command", command)
	h.ok(t, "kubectl-vsphere", "registry", "add", h.host)
	h.ended(t, h.user, "--workload-clusters", "none", "--password-command", command)
	id := addFault(t, map[string]any{"user": h.user.Username, "endpoint": "/wcp/login", "delay": "30s"})
	h.setenv("DOCKER_CREDENTIAL_VSPHERE_TIMEOUT", "2")
	start := time.Now()
	out, code := h.get(h.host)
	if took := time.Since(start); code != 1 || !strings.Contains(out, "takes longer than 2s (DOCKER_CREDENTIAL_VSPHERE_TIMEOUT)") || took > 20*time.Second {
		t.Errorf("%s: %d %s", took, code, out)
	}
	removeFault(t, id)
	h.setenv("DOCKER_CREDENTIAL_VSPHERE_TIMEOUT", "60s")
	if out, code := h.get(h.host); code != 0 {
		t.Errorf("afterwards: %d %s", code, out)
	}

	asked := newRegistryHome(t)
	asked.ended(t, asked.user, "--workload-clusters", "none")
	term := asked.onTerminal(t, bin+"/docker-credential-vsphere", "get")
	const columns = 50
	if err := pty.Setsize(term.master, &pty.Winsize{Rows: 10, Cols: columns}); err != nil {
		t.Fatal(err)
	}
	term.enter(asked.host + "\n\x04")
	if code := term.wait(); code != 1 || strings.Contains(term.output(), "assword") || !strings.Contains(term.output(), "kubectl vsphere login") {
		t.Errorf("%d %s", code, term.output())
	}
	for line := range strings.Lines(term.output()) { // Only a command may be too long for the terminal.
		if line = strings.TrimRight(line, "\r\n"); len(line) >= columns && !strings.HasPrefix(line, "kubectl vsphere login") && !strings.Contains(line, "credentials not found") {
			t.Errorf("the terminal must break %q", line)
		}
	}
}
