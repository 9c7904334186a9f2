package e2e

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// onDisk is a command whose every call that changes a file is made to go wrong, in the build that can do so (pkg/disk/faults.go).
type onDisk struct {
	args     []string
	template string // a home directory as it is before
	old, new string // the kubeconfig
	calls    int
	trace    []string // "OP PATH" each
}

// diskCommands are the commands that write: each with a home in which it has something to do.
func diskCommands(t *testing.T, u user) map[string]*onDisk {
	server := site.Supervisors[0].Server
	login := []string{"kubectl-vsphere", "login", "--server", server, "-u", u.Username, "--certificate-authority", site.Supervisors[0].CA}
	foreign := "# mine\napiVersion: v1\nkind: Config\nclusters:\n- cluster: {server: 'https://127.0.0.1:1'}\n  name: other\ncontexts: []\nusers: []\n"
	first, ended := newHome(t), newHome(t)
	config := filepath.Join(first.dir, ".kube", "config")
	if err := os.Mkdir(filepath.Dir(config), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, []byte(foreign), 0o600); err != nil {
		t.Fatal(err)
	}
	ended.ended(t, u, "--password-command", "cat "+ended.passwordFile(t, u.Password))
	again := newHome(t)
	again.login(t, u, "--workload-clusters", "none", "--context-prefix", "old-")
	docker := newHome(t)
	docker.login(t, u, "--workload-clusters", "none")
	if err := os.Mkdir(filepath.Join(docker.dir, ".docker"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(docker.dir, ".docker", "config.json"), []byte(`{"credHelpers": {"gcr.io": "gcr"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	return map[string]*onDisk{
		"login":    {args: login, template: first.dir},
		"again":    {args: login, template: again.dir},
		"renewal":  {args: []string{"kubectl-vsphere", "get-token", "--server", server, "--user", u.Username}, template: ended.dir},
		"logout":   {args: []string{"kubectl-vsphere", "logout"}, template: ended.dir},
		"registry": {args: []string{"kubectl-vsphere", "registry", "add", site.Registry.Host}, template: docker.dir},
		// By an identity provider. A renewal cannot be repeated from a copy: its refresh token is good once.
		"identity": {args: newIssuer(t, nil).loginArgs("-u", u.Username, "--namespaces", "ns1"), template: first.dir},
	}
}

// copyHome is a copy of the template.
func (c *onDisk) copyHome(t *testing.T, u user, env ...string) *home {
	h := newHome(t, append(env, "KUBECTL_VSPHERE_PASSWORD="+u.Password)...)
	h.env = append(h.env, "PATH="+bin+"/faults:"+bin+":"+os.Getenv("PATH"))
	if err := os.CopyFS(h.dir, os.DirFS(c.template)); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(filepath.Join(h.dir, ".local"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(path, 0o700) // CopyFS makes all that readable to all.
		} else if err == nil {
			err = os.Chmod(path, 0o600)
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return h
}

func (h *home) faulty(t *testing.T, args ...string) (string, int) {
	return h.run(t, append([]string{bin + "/faults/" + args[0]}, args[1:]...)...)
}

func (h *home) kubeconfig(t *testing.T) string {
	text, err := os.ReadFile(filepath.Join(h.dir, ".kube", "config"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// measure runs the command once without a fault.
func (c *onDisk) measure(t *testing.T, u user) {
	trace := filepath.Join(t.TempDir(), "trace")
	h := c.copyHome(t, u, "KUBECTL_VSPHERE_DISK_TRACE="+trace)
	c.old = h.kubeconfig(t)
	if out, code := h.faulty(t, c.args...); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, out)
	}
	c.new = h.kubeconfig(t)
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		_, call, _ := strings.Cut(strings.TrimSpace(line), " ")
		c.trace = append(c.trace, call)
	}
	c.calls = len(c.trace)
}

// whole checks that each file is an old or a new one: the kubeconfig byte for byte, those of the store by their form. After a login in part,
// the kubeconfig has what others wrote there and fewer new contexts.
func (c *onDisk) whole(t *testing.T, h *home, inPart bool) {
	switch text := h.kubeconfig(t); {
	case text == c.old || text == c.new:
	case !inPart:
		t.Errorf("the kubeconfig is neither old nor new:\n%s", text)
	default:
		if out, code := h.run(t, "kubectl", "config", "get-clusters"); code != 0 || !strings.Contains(out, "other") || !strings.HasPrefix(text, "# mine\n") {
			t.Errorf("%d %s:\n%s", code, out, text)
		}
	}
	for _, dir := range []string{filepath.Join(h.dir, ".local", "state"), filepath.Join(h.dir, ".docker")} {
		_ = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".json" {
				return nil //nolint:nilerr // There is no store yet.
			}
			text, err := os.ReadFile(path)
			if err != nil || !json.Valid(text) || filepath.Base(path) == "config.json" && !strings.Contains(string(text), `"gcr.io": "gcr"`) {
				t.Errorf("%s is torn: %v %q", path, err, text)
			}
			return nil
		})
	}
}

// recovers checks that the next run, without a fault, does the whole work and leaves nothing else.
func (c *onDisk) recovers(t *testing.T, h *home) (output string) {
	h.env = append(h.env, "KUBECTL_VSPHERE_DISK_FAULT=")
	out, code := h.faulty(t, c.args...)
	if code != 0 || h.kubeconfig(t) != c.new {
		t.Errorf("the next run: exit code %d:\n%s", code, out)
	}
	switch c.args[1] {
	case "login":
		context := "ns1"
		if strings.Contains(c.new, "name: old-ns1") { // A login without its earlier prefix leaves the names.
			context = "old-ns1"
		}
		if out, code := h.run(t, "kubectl", "--context", context, "get", "configmaps"); code != 0 {
			t.Errorf("kubectl: %s", out)
		}
	case "registry":
		if text, err := os.ReadFile(filepath.Join(h.dir, ".docker", "config.json")); err != nil || !strings.Contains(string(text), `"`+site.Registry.Host+`": "vsphere"`) {
			t.Errorf("docker's config.json: %v %s", err, text)
		}
		if out, code := h.run(t, "kubectl-vsphere", "registry", "list"); code != 0 || !strings.Contains(out, site.Registry.Host) {
			t.Errorf("registry list: %s", out)
		}
	case "get-token": // It is quick and leaves the cleaning to others.
		if out, code := h.run(t, "kubectl-vsphere", "status", "--prune"); code != 0 {
			t.Errorf("status --prune: %s", out)
		}
	}
	_ = filepath.WalkDir(h.dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && (strings.HasPrefix(filepath.Base(path), ".kubectl-vsphere-") || filepath.Base(path) == "config.lock") {
			t.Errorf("left over: %s", path)
		}
		return nil
	})
	return out
}

// each runs f for every call of every command, a few at once.
func each(t *testing.T, f func(t *testing.T, c *onDisk, u user, call int)) {
	t.Parallel()
	u := newUser(t, "ns1")
	for name, c := range diskCommands(t, u) {
		t.Run(name, func(t *testing.T) {
			c.measure(t, u)
			t.Logf("%d calls", c.calls)
			if c.calls < 5 {
				t.Error("the seam is not used")
			}
			var group sync.WaitGroup
			slots := make(chan struct{}, 4)
			for _, i := range rand.Perm(c.calls) {
				slots <- struct{}{}
				group.Go(func() {
					defer func() { <-slots }()
					f(t, c, u, i+1)
				})
			}
			group.Wait()
		})
	}
}

// The program is killed before and after each of its calls that change a file.
func TestKilledAtEachCall(t *testing.T) {
	var mu sync.Mutex
	locks := 0
	each(t, func(t *testing.T, c *onDisk, u user, call int) {
		for _, when := range []string{"before", "after"} {
			fault := fmt.Sprintf("%s:%d", when, call)
			h := c.copyHome(t, u, "KUBECTL_VSPHERE_DISK_FAULT="+fault)
			if out, code := h.faulty(t, c.args...); code != -1 {
				t.Errorf("%s: it was not killed: exit code %d:\n%s", fault, code, out)
			}
			c.whole(t, h, false)
			out := c.recovers(t, h)
			mu.Lock()
			locks += strings.Count(out, "that was killed left it there")
			mu.Unlock()
			if t.Failed() {
				t.Logf("%s, at %s", fault, c.trace[call-1])
				return
			}
		}
	})
	if locks == 0 {
		t.Error("it was never killed with kubectl's lock")
	}
}

// notNoted is said of clusters that got no login, since their requests could not be noted.
const notNoted = "not tried: a refusal could not be remembered: the store cannot be written"

// Each call that changes a file fails, alone or with all later ones: the disk is full, or broken.
func TestDiskFails(t *testing.T) {
	var unkept atomic.Int32
	each(t, func(t *testing.T, c *onDisk, u user, call int) {
		for _, kind := range []string{"EIO:%d", "ENOSPC:%d+"} {
			fault := fmt.Sprintf(kind, call)
			h := c.copyHome(t, u, "KUBECTL_VSPHERE_DISK_FAULT="+fault)
			out, code := h.faulty(t, c.args...)
			switch {
			case code != 0 && code != 1 && code != 5, strings.Contains(out, "goroutine "), strings.Contains(out, u.Password):
				t.Errorf("%s: exit code %d:\n%s", fault, code, out)
			case code != 0 && !strings.Contains(out, "error: ") && !strings.Contains(out, notNoted):
				t.Errorf("%s: exit code %d without a reason:\n%s", fault, code, out)
			case code == 0 && c.args[1] != "get-token" && h.kubeconfig(t) != c.new:
				t.Errorf("%s: exit code 0, and the kubeconfig is not as it should be:\n%s", fault, out)
			}
			if strings.Contains(out, "you are logged in, but the session cannot be saved: ") && strings.Contains(out, "or set KUBECTL_VSPHERE_HOME to another directory") {
				unkept.Add(1)
			}
			c.whole(t, h, strings.Contains(out, notNoted))
			c.recovers(t, h)
			if t.Failed() {
				t.Logf("%s, at %s", fault, c.trace[call-1])
				return
			}
		}
	})
	if unkept.Load() == 0 {
		t.Error("no login could not be kept")
	}
}

// What must last is on disk before its name is, and the name before the program goes on.
func TestSyncOrder(t *testing.T) {
	t.Parallel()
	u := newUser(t, "ns1")
	for name, c := range diskCommands(t, u) {
		t.Run(name, func(t *testing.T) {
			c.measure(t, u)
			durable := 0
			for i, call := range c.trace {
				op, names, _ := strings.Cut(call, " ")
				temp, path, _ := strings.Cut(names, " → ")
				dir := filepath.Dir(path)
				if op != "rename" || filepath.Base(dir) == "credentials" || filepath.Base(dir) == "accounts" { // Caches.
					continue
				}
				durable++
				if i == 0 || c.trace[i-1] != "fsync "+temp || i+1 == len(c.trace) || c.trace[i+1] != "fsyncdir "+dir {
					t.Errorf("%s", strings.Join(c.trace[max(0, i-3):min(len(c.trace), i+3)], "\n"))
				}
			}
			if durable == 0 && name != "renewal" {
				t.Errorf("nothing lasts:\n%s", strings.Join(c.trace, "\n"))
			}
		})
	}
}
