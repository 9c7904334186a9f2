package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// dockerd starts an engine of this test's own, which trusts the lab's CA, and ends it with the test.
func (h *registryHome) dockerd(t *testing.T, flags ...string) {
	t.Helper()
	needsRoot(t)
	h.found(t, "docker")
	h.found(t, "dockerd")
	dir, err := os.MkdirTemp("", "dockerd-") // A socket's path must be short.
	if err != nil {
		t.Fatal(err)
	}
	socket := "unix://" + filepath.Join(dir, "s")
	d := exec.Command("dockerd", append(flags, "--storage-driver", "vfs", "--iptables=false", "--ip6tables=false", "--bridge=none", "--data-root", filepath.Join(dir, "data"),
		"--exec-root", filepath.Join(dir, "exec"), "-p", filepath.Join(dir, "pid"), "-H", socket)...)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	d.Env, d.Stdout, d.Stderr = append(os.Environ(), "SSL_CERT_FILE="+site.Registry.CA, "HOME="+dir), log, log
	d.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = d.Wait()
	}()
	t.Cleanup(func() {
		_ = d.Process.Signal(syscall.SIGTERM)
		<-ended
		_ = log.Close()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("dockerd: %s", text[max(0, len(text)-3000):])
		}
		_ = os.RemoveAll(dir)
	})
	h.setenv("DOCKER_HOST", socket)
	for range 300 {
		if _, code := h.tool("", "docker", "version"); code == 0 {
			h.calls(t)
			return
		}
		select {
		case <-ended:
			if text := read(t, log.Name()); strings.Contains(text, "not permitted") || strings.Contains(text, "ermission denied") {
				t.Skipf("this machine lets root run no engine; run in a container with --privileged, or on a machine of its own: %s", text[max(0, len(text)-300):])
			}
			t.Fatal("dockerd ended")
		case <-time.After(100 * time.Millisecond):
		}
	}
	t.Fatal("dockerd does not answer")
}

// The README's second page, with a real engine: login once, docker push, docker pull.
func TestRegistryDocker(t *testing.T) {
	t.Parallel()
	h := newRegistryHome(t)
	h.dockerd(t)
	h.base(t, "docker:1")
	if err := os.WriteFile(filepath.Join(h.dir, "Dockerfile"), []byte("FROM "+h.ref("docker:1")+"\nCOPY layer.tar /again\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.steps(t, []step{
		{"get 1", []string{"docker", "pull", "-q", h.ref("docker:1")}},
		{"", []string{"docker", "tag", h.ref("docker:1"), h.ref("docker:2")}},
		{"get 1", []string{"docker", "push", "-q", h.ref("docker:2")}},
		{"get 1", []string{"docker", "pull", "-q", h.ref("docker:2")}},
		{"", []string{"docker", "rmi", "-f", h.ref("docker:1"), h.ref("docker:2")}},
	})
	h.setenv("DOCKER_BUILDKIT", "0")
	h.steps(t, []step{
		{"get 1", []string{"docker", "build", "-q", "-t", h.ref("built:1"), "."}},
		{"get 1", []string{"docker", "push", "-q", h.ref("built:1")}},
		{"get 1", []string{"crane", "manifest", h.ref("built:1")}},
	})
}

// BuildKit is in the engine; a client older than 23 speaks to it without a plugin. It would speak to loopback addresses
// without TLS. This engine asks once for the manifest and once for the layers.
func TestRegistryBuildKit(t *testing.T) {
	t.Parallel()
	h := newRegistryHome(t)
	h.dockerd(t, "--insecure-registry", "https://"+h.host)
	h.base(t, "buildkit:1")
	if err := os.WriteFile(filepath.Join(h.dir, "Dockerfile"), []byte("FROM "+h.ref("buildkit:1")+"\nCOPY layer.tar /again\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	client := ""
	for _, path := range []string{"/usr/bin/docker", "docker"} {
		version, code := h.tool("", path, "version", "--format", "{{.Client.Version}}")
		if _, buildx := h.tool("", path, "buildx", "version"); code == 0 && (strings.HasPrefix(version, "20.") || buildx == 0) {
			client = path
			break
		}
	}
	if client == "" {
		t.Skip("there is no docker client with BuildKit; install Debian's docker.io, or docker-buildx")
	}
	h.setenv("DOCKER_BUILDKIT", "1")
	h.steps(t, []step{{"get 2", []string{client, "build", "-q", "-t", h.ref("built-by-buildkit:1"), "."}}})
	h.ended(t, h.user, "--workload-clusters", "none")
	want := fmt.Sprintf("kubectl vsphere login --server %s -u %s", site.Supervisors[0].Server, h.user.Username)
	if out, code := h.tool("", client, "build", "-q", "--no-cache", "--pull", "-t", h.ref("built-by-buildkit:2"), "."); code == 0 || !strings.Contains(out, want) {
		t.Errorf("%d %s", code, out)
	}
}

// docker login with what the helper gives, then logout, then a robot's login by hand.
func TestRegistryDockerLoginAndLogout(t *testing.T) {
	t.Parallel()
	h := newRegistryHome(t)
	h.dockerd(t)
	h.base(t, "login:1")
	config := filepath.Join(h.dir, ".docker", "config.json")
	h.steps(t, []step{
		{"get 1, store 1", []string{"docker", "login", h.host}},
		{"get 1", []string{"docker", "pull", "-q", h.ref("login:1")}},
		{"erase 2", []string{"docker", "logout", h.host}},
		{"erase 2", []string{"docker", "logout", h.host}},
	})
	h.ok(t, "docker-credential-vsphere", "login", h.host)
	h.calls(t)
	h.ok(t, "docker", "manifest", "inspect", "--insecure", h.ref("login:1"))
	if calls := h.calls(t); calls != "get 1" && calls != "get 2" { // By version.
		t.Errorf("docker manifest inspect: %s", calls)
	}
	h.ok(t, "docker", "logout", h.host)
	out, code := h.tool("", "docker", "pull", h.ref("login:1"))
	if code == 0 || !strings.Contains(out, "docker-credential-vsphere login "+h.host) {
		t.Errorf("after logout: %d %s", code, out)
	}
	text, err := os.ReadFile(config)
	if err != nil || strings.Contains(string(text), `"auth"`) {
		t.Errorf("%v %s", err, text)
	}
	h.ok(t, "docker-credential-vsphere", "login", h.host)
	h.calls(t)
	h.steps(t, []step{{"get 1", []string{"docker", "pull", "-q", h.ref("login:1")}}})

	robot := h.robot(t, "docker")
	h.calls(t)
	if out, code := h.tool(robot.Secret, "docker", "login", "-u", robot.Username, "--password-stdin", h.host); code != 0 {
		t.Fatalf("%d %s", code, out)
	}
	if calls := h.calls(t); calls != "store 1" {
		t.Errorf("docker login -u: %s", calls)
	}
	out, _ = h.get(h.host)
	if !strings.Contains(out, robot.Username) {
		t.Errorf("the robot's login is not kept: %s", out)
	}
	h.ok(t, "docker", "pull", "-q", h.ref("login:1"))
	if out, code := h.tool("wrong", "docker", "login", "-u", "nobody", "--password-stdin", h.host); code == 0 {
		t.Errorf("a wrong login: %s", out)
	}
	h.ok(t, "docker", "logout", h.host)
	if out, code := h.get(h.host); code != 1 || strings.Contains(out, robot.Secret) {
		t.Errorf("after the robot's logout: %d %s", code, out)
	}
}

// robotAccount is what robot create prints.
type robotAccount struct {
	ID               int64
	Username, Secret string
	Expires          time.Time
}

// robot makes one that may push.
func (h *registryHome) robot(t *testing.T, name string, flags ...string) robotAccount {
	t.Helper()
	h.setenv("KUBECTL_VSPHERE_PASSWORD", h.user.Password)
	defer h.setenv("KUBECTL_VSPHERE_PASSWORD", "")
	out := h.ok(t, append([]string{"kubectl-vsphere", "registry", "robot", "create", h.host, "-n", "ns1", "--name", robotName(t, name), "--push", "-o", "json"}, flags...)...)
	var robot robotAccount
	if err := json.Unmarshal([]byte(out), &robot); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return robot
}

// robotName is one that no other test uses.
func robotName(t *testing.T, name string) string {
	return strings.ToLower(strings.ReplaceAll(t.Name(), "/", "-")) + "-" + name
}

// docker login without an engine: the client asks the registry itself, and stores all the same. Clients before 23 do not.
func TestRegistryDockerLoginWithoutEngine(t *testing.T) {
	t.Parallel()
	h := newRegistryHome(t)
	h.found(t, "docker")
	h.setenv("DOCKER_HOST", "unix://"+filepath.Join(h.dir, "none"))
	version, _ := h.tool("", "docker", "--version")
	if strings.Contains(version, "version 20.") {
		t.Skipf("%s asks the engine; install a newer docker client", strings.TrimSpace(version))
	}
	robot := h.robot(t, "engine")
	h.calls(t)
	if out, code := h.tool(robot.Secret, "docker", "login", "-u", robot.Username, "--password-stdin", h.host); code != 0 {
		t.Errorf("%d %s", code, out)
	}
	if calls := h.calls(t); calls != "store 1" {
		t.Error(calls)
	}
}

// Expired, by docker: it shows the line, and says nothing of its own that helps.
func TestRegistryDockerExpired(t *testing.T) {
	t.Parallel()
	h := newRegistryHome(t)
	h.dockerd(t)
	h.base(t, "gone:1")
	h.ended(t, h.user, "--workload-clusters", "none")
	want := fmt.Sprintf("kubectl vsphere login --server %s -u %s", site.Supervisors[0].Server, h.user.Username)
	h.write(t, "Dockerfile", "FROM "+h.ref("gone:1")+"\n")
	h.setenv("DOCKER_BUILDKIT", "0")
	for _, args := range [][]string{{"pull", h.ref("gone:1")}, {"build", "-q", "."}} {
		out, code := h.tool("", append([]string{"docker"}, args...)...)
		if code == 0 || !strings.Contains(out, want) {
			t.Errorf("%q: %d %s", args, code, out)
		}
	}
	// A login by password is no login either: it would not be kept.
	if out, code := h.tool(h.user.Password, "docker", "login", "-u", h.user.Username, "--password-stdin", h.host); code == 0 || !strings.Contains(out, "docker-credential-vsphere login "+h.host) {
		t.Errorf("%d %s", code, out)
	}
	// The next day: one login, and nothing else is to be done.
	h.login(t, h.user, "--workload-clusters", "none")
	h.ok(t, "docker", "pull", "-q", h.ref("gone:1"))
	// A session that renews itself does so under docker pull.
	command := []string{"--workload-clusters", "none", "--password-command", "cat " + h.passwordFile(t, h.user.Password)}
	h.ended(t, h.user, command...)
	h.setenv("DOCKER_CREDENTIAL_VSPHERE_TIMEOUT", "60s")
	h.ok(t, "docker", "pull", "-q", h.ref("gone:1"))
	if all := logins(t, h.user); len(all) == 0 || strings.Count(strings.Join(all, "\n"), "POST /wcp/login 200") != 1 {
		t.Errorf("docker pull made the logins %q", all)
	}
}
