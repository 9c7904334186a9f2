package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// renewing logs a new user in to ns1/tkc1 with tokens that live for seconds, which renew from a file with the password.
func renewing(t *testing.T, lifetime time.Duration, env ...string) (*home, user) {
	t.Helper()
	u, h := newUser(t, "ns1"), newHome(t, env...)
	id := addFault(t, map[string]any{"user": u.Username, "endpoint": "/wcp/login", "tokenLifetime": lifetime.String()})
	t.Cleanup(func() { removeFault(t, id) })
	secret := filepath.Join(h.dir, "password")
	if err := os.WriteFile(secret, []byte(u.Password), 0o600); err != nil {
		t.Fatal(err)
	}
	out, code := h.run(t, "kubectl-vsphere", "login", "--server", site.Supervisors[0].Server, "-u", u.Username, "--certificate-authority", site.Supervisors[0].CA,
		"--password-command", "cat "+secret, "--workload-clusters", "ns1/tkc1")
	if code != 0 {
		t.Fatal(out)
	}
	return h, u
}

// renewals are how many tokens of the cluster there were.
func renewals(t *testing.T, u user) (n int) {
	t.Helper()
	for _, line := range logins(t, u) {
		if strings.HasPrefix(line, "POST /wcp/login ns1/tkc1 200") {
			n++
		}
	}
	return n
}

// tool is a program of test/tools.
func tool(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(bin, "tools", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("bin/tools/%s is missing: make tools-build makes it; run it first", name)
	}
	return path
}

// follow starts a program that runs until its standard input ends, and gives its lines.
func (h *home) follow(t *testing.T, args ...string) (lines <-chan string, stop func()) {
	t.Helper()
	cmd := h.command(args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	all := make(chan string, 1000)
	go func() {
		defer close(all)
		for s := bufio.NewScanner(out); s.Scan(); {
			all <- s.Text()
		}
		_, _ = io.Copy(io.Discard, out)
	}()
	return all, func() {
		_ = in.Close()
		for range all { // Wait closes the pipe.
		}
		if err := cmd.Wait(); err != nil || said.Len() > 0 {
			t.Errorf("%v: %s", err, said.String())
		}
	}
}

// next is the next line of a program that has a word; one with "error" fails the test.
func next(t *testing.T, lines <-chan string, word string) string {
	t.Helper()
	for end := time.After(90 * time.Second); ; {
		select {
		case line, more := <-lines:
			if !more || strings.Contains(line, "error") {
				t.Fatalf("no %q, but %q", word, line)
			}
			if strings.Contains(line, word) {
				return line
			}
		case <-end:
			t.Fatalf("no %q", word)
		}
	}
}

// lives fails the test unless a program goes on across renewals.
func lives(t *testing.T, u user, lines <-chan string, word string) {
	t.Helper()
	next(t, lines, word)
	for from := renewals(t, u); renewals(t, u) < from+2; {
		next(t, lines, word)
	}
	next(t, lines, word)
}

// Argo CD's own code reads the Secret of register-argocd, and the client that it makes of it lists across renewals.
func TestArgoCDExec(t *testing.T) {
	t.Parallel()
	argocd := tool(t, "argocd")
	h, u := renewing(t, 4*time.Second)
	out, code := h.run(t, "kubectl-vsphere", "cluster", "register-argocd", "ns1/tkc1", "--name", "shop", "--output", "shop.yaml", "--manage-namespaces", "default",
		"--exec-home", filepath.Join(h.dir, ".local", "state", "kubectl-vsphere"))
	if code != 0 {
		t.Fatal(out)
	}
	lines, stop := h.follow(t, argocd, "-secret", "shop.yaml")
	defer stop()
	if line := next(t, lines, "cluster"); line != "cluster shop, namespaces [default]" {
		t.Error(line)
	}
	lives(t, u, lines, "listed true")
}

// The token of a ServiceAccount that the command made lists by itself what its role may, and nothing else.
func TestArgoCDToken(t *testing.T) {
	t.Parallel()
	argocd := tool(t, "argocd")
	h, u := renewing(t, 4*time.Second)
	account := "default/argo-" + strings.Split(u.Username, "@")[0]
	args := []string{"kubectl-vsphere", "cluster", "register-argocd", "tkc1", "-n", "ns1", "--auth", "token", "--service-account", account, "--duration", "10m", "--create", "--role", "view",
		"--manage-namespaces", "default", "--yes"}
	if out, code := h.run(t, append(args, "--dry-run")...); code != 0 || !strings.Contains(out, "Would make the ServiceAccount "+account) {
		t.Fatal(code, out)
	}
	if out, code := h.run(t, append(args[:len(args)-6:len(args)-6], "--output", "none")...); code == 0 || !strings.Contains(out, "has no ServiceAccount "+account) {
		t.Error(code, out)
	}
	out, code := h.run(t, args...)
	if code != 0 || !strings.Contains(out, "Wrote argocd-tkc1.yaml.") || strings.Contains(out, "eyJ") {
		t.Fatal(code, out)
	}
	t.Cleanup(func() {
		for _, m := range regexp.MustCompile(`type: kubectl (.*)`).FindAllStringSubmatch(out, -1) {
			if !strings.Contains(m[1], " delete ") {
				continue
			}
			if out, code := h.run(t, append([]string{"kubectl"}, strings.Fields(m[1])...)...); code != 0 {
				t.Error(out)
			}
		}
	})
	lines, stop := h.follow(t, argocd, "-secret", "argocd-tkc1.yaml")
	next(t, lines, "listed true")
	stop()
	lines, stop = h.follow(t, argocd, "-secret", "argocd-tkc1.yaml", "-namespace", "kube-system")
	defer stop()
	for line := range lines {
		if strings.Contains(line, "error") {
			if !strings.Contains(line, "forbidden") {
				t.Error(line)
			}
			return
		}
	}
}

// A program of controller-runtime with pkg/client sees objects, and asks for them, after its token has ended and been renewed.
func TestControllerRuntime(t *testing.T) {
	t.Parallel()
	controller := tool(t, "controller")
	h, u := renewing(t, 4*time.Second)
	lines, stop := h.follow(t, controller, "-context", "tkc1")
	defer stop()
	next(t, lines, "")
	from := renewals(t, u)
	for i := range 3 {
		name := strings.Split(u.Username, "@")[0] + "-" + string(rune('a'+i))
		out, err := exec.Command(bin+"/kubectl", "--kubeconfig", site.Supervisors[0].Clusters[0].AdminKubeconfig, "create", "configmap", name).CombinedOutput()
		if err != nil {
			t.Fatal(string(out))
		}
		next(t, lines, name)
		time.Sleep(4 * time.Second) // The life of a token.
	}
	if n := renewals(t, u) - from; n < 2 {
		t.Errorf("%d renewals", n)
	}
}

// automation is a fenced block of docs/automation.md, by its heading.
func automation(t *testing.T, heading string) string {
	t.Helper()
	return recipeOf(t, "automation.md", heading)
}

// The playbook of the document applies and reads with the kubeconfig of a login. A token ends in the wait between two tasks: within a task,
// Ansible keeps the one that it has.
func TestAnsible(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("ansible-playbook"); err != nil {
		t.Skip("ansible is not installed; .ci/run installs it (Debian's packages ansible and python3-kubernetes)")
	}
	h, u := renewing(t, 20*time.Second, "ANSIBLE_LOCALHOST_WARNING=false", "ANSIBLE_NOCOLOR=1")
	name := strings.Split(u.Username, "@")[0]
	play := filepath.Join(h.dir, "play.yaml")
	if err := os.WriteFile(play, []byte(strings.Replace(automation(t, "Ansible"), "seconds: 5", "seconds: 22", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	from := renewals(t, u)
	out, code := h.run(t, "ansible-playbook", "-e", "cluster=tkc1 object="+name, play)
	if code != 0 || !strings.Contains(out, "changed=1") || strings.Contains(out, "eyJ") {
		t.Fatal(code, out)
	}
	if n := renewals(t, u) - from; n < 1 {
		t.Errorf("%d renewals\n%s", n, out)
	}
	if out, err := exec.Command(bin+"/kubectl", "--kubeconfig", site.Supervisors[0].Clusters[0].AdminKubeconfig, "get", "configmap", name).CombinedOutput(); err != nil {
		t.Error(string(out))
	}
}

// Terraform is not here. What its providers run is: the program of each exec block gives a credential of the version that the block names.
func TestTerraformExec(t *testing.T) {
	t.Parallel()
	h, u := renewing(t, 4*time.Second)
	values := map[string]string{"var.supervisor": site.Supervisors[0].Server, "var.user": u.Username, "var.cluster": "ns1/tkc1"}
	for _, heading := range []string{"Terraform", "Helm provider"} {
		text := automation(t, heading)
		command := regexp.MustCompile(`(?m)^ +command += "(.*)"$`).FindStringSubmatch(text)
		version := regexp.MustCompile(`(?m)^ +api_version += "(.*)"$`).FindStringSubmatch(text)
		list := regexp.MustCompile(`(?s) args += \[(.*?)\]`).FindStringSubmatch(text)
		if command == nil || version == nil || list == nil {
			t.Fatalf("%s: no exec block", heading)
		}
		var args []string
		for word := range strings.SplitSeq(list[1], ",") {
			switch word = strings.TrimSpace(word); {
			case strings.HasPrefix(word, `"`):
				args = append(args, strings.Trim(word, `"`))
			case word != "":
				args = append(args, values[word])
			}
		}
		if slices.Contains(args, "") {
			t.Fatalf("%s: %q", heading, args)
		}
		cmd := h.command(append([]string{command[1]}, args...)...)
		cmd.Env = append(cmd.Env, `KUBERNETES_EXEC_INFO={"apiVersion":"`+version[1]+`","kind":"ExecCredential","spec":{"interactive":false}}`)
		out, err := cmd.Output()
		var credential struct {
			APIVersion string
			Status     struct{ Token, ExpirationTimestamp string }
		}
		if err != nil || json.Unmarshal(out, &credential) != nil || credential.APIVersion != version[1] || credential.Status.Token == "" || credential.Status.ExpirationTimestamp == "" {
			t.Errorf("%s: %v %s", heading, err, out)
		}
	}
	if err := adminCall(http.MethodDelete, "log?user="+u.Username, nil, nil); err != nil {
		t.Error(err)
	}
}
