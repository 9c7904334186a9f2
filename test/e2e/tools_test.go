package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// toolRecipes are the shell blocks of docs/tools.md below a heading.
func toolRecipes(t *testing.T, heading string) []string {
	t.Helper()
	_, section, ok := strings.Cut(read(t, "../../docs/tools.md"), "\n## "+heading+"\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var all []string
	for _, m := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(section, -1) {
		all = append(all, m[1])
	}
	if !ok || len(all) == 0 {
		t.Fatalf("docs/tools.md has no recipe under %q", heading)
	}
	return all
}

// shell runs a recipe.
func (h *home) shell(t *testing.T, recipe string) string {
	t.Helper()
	out, code := h.run(t, "sh", "-euc", recipe)
	if code != 0 {
		t.Fatalf("exit %d\n%s\n%s", code, recipe, out)
	}
	return out
}

// k9s shows the objects of a namespace, and new ones after its token has ended and been renewed.
func TestToolsK9s(t *testing.T) {
	t.Parallel()
	k9s := tool(t, "k9s")
	h, u := renewing(t, 4*time.Second, "TERM=xterm-256color")
	config := filepath.Join(h.dir, "k9s")
	if err := os.Mkdir(config, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(config, "config.yaml"), []byte("k9s: {skipLatestRevCheck: true}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.env = append(h.env, "K9S_CONFIG_DIR="+config)
	configmaps := func(verb string, names ...string) {
		t.Helper()
		for _, name := range names {
			out, err := exec.Command(bin+"/kubectl", "--kubeconfig", site.Supervisors[0].Clusters[0].AdminKubeconfig, verb, "configmap", name).CombinedOutput()
			if err != nil {
				t.Error(string(out))
			}
		}
	}
	name := strings.Split(u.Username, "@")[0]
	configmaps("create", name+"-before")
	t.Cleanup(func() { configmaps("delete", name+"-before", name+"-after") })
	term := h.onTerminal(t, "sh", "-euc", toolRecipes(t, "k9s")[0]+`exec "$@"`, "sh", k9s, "--context", "tkc1", "--namespace", "default", "--command", "configmaps", "--readonly")
	if err := pty.Setsize(term.master, &pty.Winsize{Rows: 200, Cols: 160}); err != nil {
		t.Fatal(err)
	}
	term.expect(name + "-before")
	for from, end := renewals(t, u), time.Now().Add(3*patience); renewals(t, u) < from+2; time.Sleep(time.Second) {
		if time.Now().After(end) {
			t.Fatalf("no renewals:\n%s", term.output())
		}
	}
	configmaps("create", name+"-after")
	term.expect(name + "-after")
	term.enter("\x03")
	if code := term.wait(); code != 0 {
		t.Errorf("exit %d\n%s", code, term.output())
	}
}

// A program of the desktop has another PATH: it finds kubectl-vsphere by the path in the context, also after the next login.
func TestToolsPath(t *testing.T) {
	t.Parallel()
	u := newUser(t, "ns1")
	h := newHome(t, "VSPHERE_SERVER="+site.Supervisors[0].Server, "VSPHERE_USER="+u.Username)
	h.login(t, u)
	h.env = append(h.env, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
	recipe := toolRecipes(t, "Lens, Headlamp and VS Code on your desktop")[0]
	for range 2 {
		h.shell(t, recipe)
		for _, context := range []string{"ns1", site.Supervisors[0].Clusters[0].Name} {
			cmd := exec.Command(bin+"/kubectl", "--context", context, "get", "configmaps", "-n", map[bool]string{true: "ns1", false: "default"}[context == "ns1"])
			cmd.Env = []string{"HOME=" + h.dir, "PATH=/usr/sbin"}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v %s", context, err, out)
			}
		}
		recipe = "kubectl vsphere login" // It stays.
	}
}

// The timer's kubeconfig works where neither the program nor the session is, and is only the user's. What fails leaves the last one.
func TestToolsTimer(t *testing.T) {
	t.Parallel()
	u, h := newUser(t, "ns1"), newHome(t)
	file := filepath.Join(h.dir, "password")
	if err := os.WriteFile(file, []byte(u.Password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.login(t, u, "--password-command", "cat "+file)
	timer := toolRecipes(t, "Headlamp or Lens in a container")[0]
	config := filepath.Join(h.dir, ".kube", "headlamp", "config")
	elsewhere := func() {
		t.Helper()
		for _, context := range []string{"ns1", site.Supervisors[0].Clusters[0].Name} {
			cmd := exec.Command(bin+"/kubectl", "--kubeconfig", config, "--context", context, "get", "configmaps", "-n", map[bool]string{true: "ns1", false: "default"}[context == "ns1"])
			cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=/usr/sbin"}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v %s", context, err, out)
			}
		}
	}
	h.shell(t, timer)
	first := read(t, config)
	elsewhere()
	h.shell(t, timer)
	elsewhere()
	if info, err := os.Stat(config); err != nil || info.Mode() != 0o600 || read(t, config) == first {
		t.Errorf("%v %v; the second time it is the same: %t", info, err, read(t, config) == first)
	}
	if text := read(t, filepath.Join(h.dir, ".kube", "config")); strings.Contains(text, "token: ") {
		t.Errorf("a token is in the person's own kubeconfig: %s", text)
	}
	last := read(t, config)
	if err := os.WriteFile(file, []byte("wrong\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := h.run(t, "sh", "-euc", timer); code == 0 || read(t, config) != last {
		t.Errorf("with a wrong password: %d %s", code, out)
	}
}

// The account that a person makes for Backstage reads, and reads no secret. It works with nothing but what Backstage is given.
func TestToolsBackstage(t *testing.T) {
	t.Parallel()
	u, h := newUser(t, "ns1"), newHome(t)
	h.login(t, u)
	cluster := site.Supervisors[0].Clusters[0]
	h.env = append(h.env, "CLUSTER="+cluster.Name)
	out := h.shell(t, toolRecipes(t, "Backstage")[0]+"\necho \"is $K8S_URL $K8S_CA_DATA $K8S_TOKEN\"\n")
	values := regexp.MustCompile(`(?m)^is (\S+) (\S+) (\S+)$`).FindStringSubmatch(out)
	if values == nil {
		t.Fatal(out)
	}
	ca, err := base64.StdEncoding.DecodeString(values[2])
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(ca) {
		t.Fatalf("%v %s", err, ca)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
	for path, want := range map[string]int{"/api/v1/pods": http.StatusOK, "/apis/apps/v1/deployments": http.StatusOK, "/api/v1/secrets": http.StatusForbidden} {
		req, err := http.NewRequest(http.MethodGet, values[1]+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+values[3])
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
}
