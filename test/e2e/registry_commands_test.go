package e2e

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// withPassword runs a program that may send the user's password.
func (h *registryHome) withPassword(args ...string) (output string, code int) {
	h.setenv("KUBECTL_VSPHERE_PASSWORD", h.user.Password)
	defer h.setenv("KUBECTL_VSPHERE_PASSWORD", "")
	return h.tool("", args...)
}

// VMware's command line: one command logs in and makes docker work, in a home where nothing is known.
func TestRegistryLoginAlone(t *testing.T) {
	t.Parallel()
	h := helperHome(t)
	h.user = newUser(t, "ns1")
	out, code := h.withPassword("docker-credential-vsphere", "login", h.host, "-u", h.user.Username)
	if code == 0 || !strings.Contains(out, "--server") {
		t.Errorf("no Supervisor is known: %d %s", code, out)
	}
	out, code = h.withPassword("docker-credential-vsphere", "login", h.host, "--user", h.user.Username, "--server", site.Supervisors[0].Server, "--tlscacert", site.Supervisors[0].CA)
	if code != 0 || !strings.Contains(out, "takes your login") {
		t.Fatalf("%d %s", code, out)
	}
	h.calls(t)
	h.steps(t, []step{{"get 1", []string{"crane", "append", "-f", h.layer(t), "-t", h.ref("alone:1")}}})
	// The next time the session is there, and after its end the Supervisor is known.
	out, code = h.tool("", "docker-credential-vsphere", "login", h.host)
	if code != 0 {
		t.Errorf("%d %s", code, out)
	}
	h.ended(t, h.user, "--workload-clusters", "none")
	out, code = h.withPassword("docker-credential-vsphere", "login")
	if code != 0 || strings.Count(strings.Join(logins(t, h.user), "\n"), "POST /wcp/login 200") != 1 {
		t.Errorf("after the end: %d %s %v", code, out, logins(t, h.user))
	}
	h.ok(t, "crane", "manifest", h.ref("alone:1"))
	// The flags of VMware's helper are taken by each of its words.
	old := []string{"--user", h.user.Username, "--service", "none", "--tlscacert", site.Supervisors[0].CA}
	for _, word := range []string{"login", "configure", "status"} {
		if out, code := h.tool("", append([]string{"docker-credential-vsphere", word}, old...)...); code != 0 || word == "status" && !strings.Contains(out, h.host) {
			t.Errorf("%s: %d %s", word, code, out)
		}
	}
	if out := h.ok(t, "docker-credential-vsphere", "status", "--user", "somebody@else"); strings.Contains(out, h.host) {
		t.Error(out)
	}
	if out := h.ok(t, "docker-credential-vsphere", "logout", "-u", "somebody@else"); !strings.Contains(out, "nothing to log out of") {
		t.Error(out)
	}
	out, _ = h.tool("", append([]string{"docker-credential-vsphere", "logout"}, old...)...)
	if out != "Logged out of "+h.host+".\n" {
		t.Error(out)
	}
	if out, code := h.tool("", "crane", "manifest", h.ref("alone:1")); code == 0 || !strings.Contains(out, "you logged out of it") {
		t.Errorf("after logout: %d %s", code, out)
	}
}

// kubectl vsphere login brings the registries that are known along. Whose they are changes when somebody says so, not by another user's login.
func TestRegistryFollowsTheLogin(t *testing.T) {
	t.Parallel()
	h := newRegistryHome(t)
	h.ok(t, "docker-credential-vsphere", "logout", h.host)
	h.login(t, h.user, "--workload-clusters", "none")
	if out, code := h.get(h.host); code != 0 {
		t.Errorf("after a login: %d %s", code, out)
	}
	other, err := addUser("follows-other", "", "ns1")
	if err != nil {
		t.Fatal(err)
	}
	if out := h.login(t, other, "--workload-clusters", "none"); !strings.Contains(out, "it uses the login of "+h.user.Username) || !strings.Contains(out, "registry add "+h.host+" -u "+other.Username) {
		t.Errorf("nobody is told whose login the registry gets: %s", out)
	}
	if out, _ := h.get(h.host); !strings.Contains(out, `"Username":"tokenreview$`+h.user.Username+`"`) {
		t.Errorf("after another user's login: %s", out)
	}
	h.ok(t, "kubectl-vsphere", "registry", "add", h.host, "-u", other.Username)
	if out, _ := h.get(h.host); !strings.Contains(out, `"Username":"tokenreview$`+other.Username+`"`) {
		t.Errorf("after it was said: %s", out)
	}
	h.ok(t, "kubectl-vsphere", "logout", "--all")
	if out, code := h.get(h.host); code == 0 || strings.Contains(out, "Secret") {
		t.Errorf("after logout: %d %s", code, out)
	}
	// A registry that is away is no failure of a login.
	away := newRegistry(t, nil)
	h.login(t, h.user, "--workload-clusters", "none")
	h.ok(t, "kubectl-vsphere", "registry", "add", away)
	id := addFault(t, map[string]any{"server": away, "status": 503})
	h.login(t, h.user, "--workload-clusters", "none")
	out, code := h.tool("", "kubectl-vsphere", "registry", "status", "-o", "json")
	var list struct {
		Registries []struct{ Registry, Problem string }
	}
	if code != 5 || json.Unmarshal([]byte(out), &list) != nil {
		t.Errorf("status: %d %s", code, out)
	}
	for _, r := range list.Registries {
		if r.Registry == away && !strings.Contains(r.Problem, "503") {
			t.Errorf("status: %+v", r)
		}
	}
	removeFault(t, id)
	if out, code := h.get(away); code != 0 {
		t.Errorf("a registry that was away: %d %s", code, out)
	}
	// After a logout it is known who logs in where.
	h.ok(t, "kubectl-vsphere", "logout", "--all")
	h.setenv("KUBECTL_VSPHERE_PASSWORD", h.user.Password)
	h.ok(t, "docker-credential-vsphere", "login", away, "--tlscacert", site.Supervisors[0].CA)
}

// Robot accounts: made with an end, used by clients, rotated, listed, deleted.
func TestRegistryRobots(t *testing.T) {
	t.Parallel()
	h := newRegistryHome(t)
	h.base(t, "robots:1")
	name := robotName(t, "ci")
	robot := h.robot(t, "ci", "--days", "7")
	if robot.Username != "robot$ns1+"+name || robot.Secret == "" || time.Until(robot.Expires) < 6*24*time.Hour || time.Until(robot.Expires) > 7*24*time.Hour {
		t.Errorf("%+v", robot)
	}
	// A name may look like an ID.
	id := fmt.Sprint(robot.ID)
	if out, code := h.withPassword("kubectl-vsphere", "registry", "robot", "delete", h.host, "-n", "ns1", "--name", id); code == 0 || !strings.Contains(out, "no robot account") {
		t.Errorf("%d %s", code, out)
	}
	byID := h.robot(t, "by-id")
	if out, code := h.withPassword("kubectl-vsphere", "registry", "robot", "delete", h.host, "-n", "ns1", "--id", fmt.Sprint(byID.ID)); code != 0 || !strings.Contains(out, byID.Username) {
		t.Errorf("%d %s", code, out)
	}
	login := func(r robotAccount) (string, int) {
		return h.tool("", "skopeo", "inspect", "--creds", r.Username+":"+r.Secret, "docker://"+h.ref("robots:1"))
	}
	h.containers(t)
	h.found(t, "skopeo")
	if out, code := login(robot); code != 0 {
		t.Errorf("%d %s", code, out)
	}
	out, code := h.withPassword("kubectl-vsphere", "registry", "robot", "create", h.host, "-n", "ns1", "--name", name)
	if code == 0 || !strings.Contains(out, "registry robot rotate") {
		t.Errorf("twice: %d %s", code, out)
	}
	out, code = h.withPassword("kubectl-vsphere", "registry", "robot", "rotate", h.host, "-n", "ns1", "--name", name, "--save")
	if code != 0 || strings.Contains(out, robot.Secret) {
		t.Errorf("rotate: %d %s", code, out)
	}
	if out, code := login(robot); code == 0 {
		t.Errorf("the old secret is good: %s", out)
	}
	saved, _ := h.get(h.host)
	if !strings.Contains(saved, robot.Username) {
		t.Errorf("what was saved is not used: %s", saved)
	}
	// Once it is saved here, a new secret is for here.
	out, code = h.withPassword("kubectl-vsphere", "registry", "robot", "rotate", h.host, "-n", "ns1", "--name", name)
	if again, _ := h.get(h.host); code != 0 || again == saved || !strings.Contains(again, robot.Username) {
		t.Errorf("rotated: %d %s %s", code, out, again)
	}
	h.steps(t, []step{{"get 1", []string{"crane", "manifest", h.ref("robots:1")}}, {"get 1", []string{"crane", "append", "-f", "layer.tar", "-t", h.ref("robots:2")}}})
	out, code = h.withPassword("kubectl-vsphere", "registry", "robot", "list", h.host, "-n", "ns1")
	if code != 0 || !strings.Contains(out, robot.Username) {
		t.Errorf("list: %d %s", code, out)
	}
	out, code = h.withPassword("kubectl-vsphere", "registry", "robot", "delete", h.host, "-n", "ns1", "--name", name)
	if code != 0 || !strings.Contains(out, "Deleted "+robot.Username) {
		t.Errorf("delete: %d %s", code, out)
	}
	if out, _ := h.get(h.host); !strings.Contains(out, "tokenreview$") {
		t.Errorf("after the robot's end: %s", out)
	}
	out, code = h.tool("", "kubectl-vsphere", "registry", "robot", "list", h.host, "-n", "ns1")
	if code == 0 || !strings.Contains(out, "KUBECTL_VSPHERE_PASSWORD") {
		t.Errorf("without a password: %d %s", code, out)
	}
	viewer, err := addUser("robots-viewer", "view", "ns1")
	if err != nil {
		t.Fatal(err)
	}
	v := helperHome(t)
	v.user = viewer
	v.login(t, v.user, "--workload-clusters", "none")
	v.ok(t, "kubectl-vsphere", "registry", "add", v.host)
	out, code = v.withPassword("kubectl-vsphere", "registry", "robot", "create", v.host, "-n", "ns1", "--name", name)
	if code != 3 && code != 1 || !strings.Contains(out, "forbidden") {
		t.Errorf("a viewer makes robots: %d %s", code, out)
	}
	v.ok(t, "crane", "manifest", h.ref("robots:1"))
	if out, code := v.tool("", "crane", "append", "-f", v.layer(t), "-t", h.ref("robots:3")); code == 0 {
		t.Errorf("a viewer pushes: %s", out)
	}
}

// A pull secret is that of a robot which may pull, and nothing of the user's goes into the cluster.
func TestRegistryPullSecret(t *testing.T) {
	t.Parallel()
	h := helperHome(t)
	h.user = newUser(t, "ns1")
	h.login(t, h.user)
	h.ok(t, "kubectl-vsphere", "registry", "add", h.host)
	h.base(t, "pulled:1")
	name := strings.ToLower(t.Name())
	cluster := site.Supervisors[0].Clusters[0].Name
	for _, place := range []string{"ns1", cluster} {
		namespace := map[string]string{"ns1": "ns1", cluster: "default"}[place]
		var last string
		for range 2 { // Again, it is put in place of the old one.
			out, code := h.withPassword("kubectl-vsphere", "registry", "pull-secret", h.host, "-n", namespace, "--context", place, "--project", "ns1", "--name", name)
			if code != 0 {
				t.Fatalf("%s: %d %s", place, code, out)
			}
			text := h.ok(t, "kubectl", "--context", place, "get", "secret", name, "-n", namespace, "-o", "json")
			var secret struct {
				Type string
				Data map[string][]byte
			}
			var config struct {
				Auths map[string]struct{ Username, Password, Auth string }
			}
			if json.Unmarshal([]byte(text), &secret) != nil || json.Unmarshal(secret.Data[".dockerconfigjson"], &config) != nil || secret.Type != "kubernetes.io/dockerconfigjson" {
				t.Fatalf("%s: %s", place, text)
			}
			auth := config.Auths[h.host]
			if !strings.HasPrefix(auth.Username, "robot$ns1+") || auth.Auth != base64.StdEncoding.EncodeToString([]byte(auth.Username+":"+auth.Password)) || auth.Password == last {
				t.Errorf("%s: %+v", place, config)
			}
			if strings.Contains(string(secret.Data[".dockerconfigjson"]), h.user.Password) || strings.Contains(string(secret.Data[".dockerconfigjson"]), "eyJ") {
				t.Errorf("%s: the secret holds what is the user's: %s", place, secret.Data)
			}
			last = auth.Password
			// It pulls, as a kubelet would with it, and does not push.
			kubelet := helperHome(t)
			kubelet.write(t, ".docker/config.json", string(secret.Data[".dockerconfigjson"]))
			kubelet.ok(t, "crane", "manifest", h.ref("pulled:1"))
			if out, code := kubelet.tool("", "crane", "append", "-f", kubelet.layer(t), "-t", h.ref("pulled:2")); code == 0 {
				t.Errorf("it pushes: %s", out)
			}
		}
	}
	// The robot accounts of the runs before are gone, one is left for each secret; runs at the same time leave a good one in the cluster.
	out, code := h.withPassword("kubectl-vsphere", "registry", "robot", "list", h.host, "-n", "ns1")
	if code != 0 || strings.Count(out, "."+name+".") != 2 {
		t.Errorf("%d %s", code, out)
	}
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			c := exec.Command(filepath.Join(bin, "kubectl-vsphere"), "registry", "pull-secret", h.host, "-n", "default", "--context", cluster, "--project", "ns1", "--name", name)
			c.Env = append(slices.Clone(h.env), "KUBECTL_VSPHERE_PASSWORD="+h.user.Password)
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%v %s", err, out)
			}
		})
	}
	both.Wait()
	kubelet := helperHome(t)
	kubelet.write(t, ".docker/config.json", h.ok(t, "kubectl", "--context", cluster, "get", "secret", name, "-n", "default", "-o", `go-template={{index .data ".dockerconfigjson" | base64decode}}`))
	kubelet.ok(t, "crane", "manifest", h.ref("pulled:1"))
	// A cluster that does not take the secret says nothing of the password or of the registry, and no robot is left.
	h.write(t, "policy.yaml", strings.ReplaceAll(refusesSecret, "NAME", name+"-refused"))
	h.ok(t, "kubectl", "--kubeconfig", site.Supervisors[0].Clusters[0].AdminKubeconfig, "apply", "-f", "policy.yaml")
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) { // API servers learn of policies a moment later.
		_, code = h.withPassword("kubectl-vsphere", "registry", "pull-secret", h.host, "-n", "default", "--context", cluster, "--project", "ns1", "--name", name+"-refused")
		if code != 0 || time.Now().After(deadline) {
			break
		}
		h.ok(t, "kubectl", "--context", cluster, "delete", "secret", name+"-refused", "-n", "default")
	}
	before := strings.Count(h.robots(t), "-refused.")
	out, code = h.withPassword("kubectl-vsphere", "registry", "pull-secret", h.host, "-n", "default", "--context", cluster, "--project", "ns1", "--name", name+"-refused")
	if code == 0 || !strings.Contains(out, "the secret could not be written") || strings.Contains(out, "password") || strings.Contains(out, "manage the project") {
		t.Errorf("%d %s", code, out)
	}
	if after := strings.Count(h.robots(t), "-refused."); after != before {
		t.Errorf("%d robots were left, now %d", before, after)
	}
	// What somebody else keeps under that name stays.
	mine := name + "-mine"
	h.ok(t, "kubectl", "--context", cluster, "create", "secret", "docker-registry", mine, "-n", "default", "--docker-server=other.example", "--docker-username=u", "--docker-password=p")
	add := []string{"kubectl-vsphere", "registry", "pull-secret", h.host, "-n", "default", "--context", cluster, "--project", "ns1", "--name", mine}
	out, code = h.withPassword(add...)
	if text := h.ok(t, "kubectl", "--context", cluster, "get", "secret", mine, "-n", "default", "-o", "json"); code == 0 || !strings.Contains(out, "--force") || !strings.Contains(text, base64.StdEncoding.EncodeToString([]byte(`{"auths":{"other.example"`))[:20]) {
		t.Errorf("%d %s %s", code, out, text)
	}
	if out, code := h.withPassword(append(add, "--force")...); code != 0 {
		t.Errorf("%d %s", code, out)
	}
	out, code = h.withPassword("kubectl-vsphere", "registry", "pull-secret", h.host, "-n", "kube-system", "--context", "ns1", "--project", "ns1")
	if code == 0 {
		t.Errorf("a namespace of somebody else: %s", out)
	}
	out, _ = h.withPassword("kubectl-vsphere", "registry", "robot", "list", h.host, "-n", "ns1")
	if strings.Contains(out, "kube-system") {
		t.Errorf("a robot is left behind for nothing: %s", out)
	}
}

// refusesSecret is a policy of a cluster that takes no secret of a name, but for a dry run.
const refusesSecret = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: NAME}
spec:
  matchConstraints:
    resourceRules:
    - {apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [secrets]}
  matchConditions:
  - {name: name, expression: "object.metadata.name == 'NAME'"}
  validations:
  - {expression: "request.dryRun", reason: Forbidden, message: not here}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: NAME}
spec: {policyName: NAME, validationActions: [Deny]}
`

// robots lists the robot accounts of ns1.
func (h *registryHome) robots(t *testing.T) string {
	t.Helper()
	out, code := h.withPassword("kubectl-vsphere", "registry", "robot", "list", h.host, "-n", "ns1")
	if code != 0 {
		t.Fatalf("%d %s", code, out)
	}
	return out
}

// write writes a file of the home.
func (h *registryHome) write(t *testing.T, path, text string) string {
	t.Helper()
	path = filepath.Join(h.dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// docker's config.json: only our entry changes, others' helpers stay, what cannot be written is told and breaks nothing.
func TestRegistryDockerConfig(t *testing.T) {
	t.Parallel()
	h := newRegistryHome(t)
	config := filepath.Join(h.dir, ".docker", "config.json")
	h.ok(t, "kubectl-vsphere", "registry", "configure", "--check")
	const mine = "{\n    \"HttpHeaders\": {\"X\": 1.50},\n    \"psFormat\": \"table {{.ID}}\",\n    \"credHelpers\": {\"gcr.io\": \"gcr\"},\n    \"unknown\": [1,  2]\n}\n"
	h.write(t, ".docker/config.json", mine)
	out, code := h.tool("", "kubectl-vsphere", "registry", "configure", "--check")
	if code != 1 || !strings.Contains(out, "missing") || read(t, config) != mine {
		t.Errorf("--check: %d %s", code, out)
	}
	h.ok(t, "kubectl-vsphere", "registry", "configure")
	if got := read(t, config); strings.Replace(got, `, "`+h.host+`": "vsphere"`, "", 1) != mine {
		t.Errorf("%s", got)
	}
	h.ok(t, "kubectl-vsphere", "registry", "configure", "--remove")
	if got := read(t, config); got != mine {
		t.Errorf("%s", got)
	}
	h.write(t, ".docker/config.json", `{"credHelpers":{"`+h.host+`":"other"}}`)
	out, code = h.tool("", "kubectl-vsphere", "registry", "configure")
	if code == 0 || !strings.Contains(out, "--force") || !strings.Contains(read(t, config), "other") {
		t.Errorf("another's helper: %d %s", code, out)
	}
	h.ok(t, "kubectl-vsphere", "registry", "configure", "--force")
	if !strings.Contains(read(t, config), `"`+h.host+`":"vsphere"`) {
		t.Error(read(t, config))
	}
	for name, broken := range map[string]string{"cut": `{"credHelpers":{`, "a list": `[]`, "no JSON": "hello", "nul": "\x00"} {
		h.write(t, ".docker/config.json", broken)
		out, code := h.tool("", "kubectl-vsphere", "registry", "configure")
		if code == 0 || !strings.Contains(out, config) || read(t, config) != broken {
			t.Errorf("%s: %d %s", name, code, out)
		}
		if out, code := h.get(h.host); code != 0 {
			t.Errorf("%s: get: %d %s", name, code, out)
		}
	}
	h.setenv("DOCKER_CONFIG", filepath.Join(h.dir, "elsewhere"))
	h.ok(t, "kubectl-vsphere", "registry", "configure")
	if !strings.Contains(read(t, filepath.Join(h.dir, "elsewhere", "config.json")), h.host) {
		t.Error("DOCKER_CONFIG is not honoured")
	}
	h.write(t, "elsewhere/config.json", `{"auths":{"`+h.host+`":{"auth":"Zm9vOmJhcg=="}},"credsStore":"desktop"}`)
	out = h.ok(t, "kubectl-vsphere", "registry", "configure")
	if !strings.Contains(out, "in plain text; type: docker logout "+h.host) {
		t.Errorf("a login in the file is not warned of: %s", out)
	}
}

// A config.json that cannot be written: nothing is sent, and the line to add by hand is said. Root writes everywhere but below /proc; a file of
// mode 0400 is left alone by us even then.
func TestRegistryReadOnlyDockerConfig(t *testing.T) {
	t.Parallel()
	h := newRegistryHome(t)
	h.setenv("DOCKER_CONFIG", "/proc/1/docker")
	other := newRegistry(t, nil)
	out, code := h.tool("", "kubectl-vsphere", "registry", "add", other)
	if code == 0 || !strings.Contains(out, `"credHelpers"`) || !strings.Contains(out, other) {
		t.Errorf("%d %s", code, out)
	}
	if n := authorized(t, other); n != 0 {
		t.Errorf("%d logins", n)
	}
	h.ok(t, "kubectl-vsphere", "registry", "add", other, "--no-configure")
	if out, code := h.get(other); code != 0 {
		t.Errorf("%d %s", code, out)
	}
	h.setenv("DOCKER_CONFIG", filepath.Join(h.dir, ".docker"))
	config := filepath.Join(h.dir, ".docker", "config.json")
	was := read(t, config)
	if err := os.Chmod(config, 0o400); err != nil {
		t.Fatal(err)
	}
	if out, code := h.tool("", "kubectl-vsphere", "registry", "add", other); code == 0 || !strings.Contains(out, "read-only") || read(t, config) != was {
		t.Errorf("%d %s", code, out)
	}
	if out, code := h.tool("", "kubectl-vsphere", "registry", "remove", h.host); code == 0 || !strings.Contains(out, "Removed "+h.host) || !strings.Contains(out, "read-only") {
		t.Errorf("%d %s", code, out)
	}
}

// The helper is linked from where both programs were unpacked into a directory on PATH, and a link that an upgrade broke is mended by the next login.
func TestRegistryInstallHelper(t *testing.T) {
	t.Parallel()
	h := helperHome(t)
	h.user = newUser(t, "ns1")
	unpack := func(version string) string {
		dir := filepath.Join(h.dir, "store", version)
		for _, name := range []string{"kubectl-vsphere", "docker-credential-vsphere"} {
			h.write(t, filepath.Join("store", version, name), read(t, filepath.Join(bin, name)))
			if err := os.Chmod(filepath.Join(dir, name), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		return filepath.Join(dir, "kubectl-vsphere")
	}
	one := unpack("v1")
	local := filepath.Join(h.dir, ".local", "bin")
	if err := os.MkdirAll(local, 0o700); err != nil {
		t.Fatal(err)
	}
	h.setenv("PATH", local+":"+clients+":/usr/bin:/bin")
	out := h.ok(t, one, "registry", "install-helper")
	link := filepath.Join(local, "docker-credential-vsphere")
	if target, err := os.Readlink(link); err != nil || target != filepath.Join(h.dir, "store/v1/docker-credential-vsphere") || !strings.Contains(out, link) {
		t.Errorf("%s %v %s", target, err, out)
	}
	h.ok(t, one, "registry", "install-helper") // Twice.
	h.setenv("KUBECTL_VSPHERE_PASSWORD", h.user.Password)
	login := []string{"login", "--server", site.Supervisors[0].Server, "-u", h.user.Username, "--certificate-authority", site.Supervisors[0].CA, "--workload-clusters", "none"}
	h.ok(t, append([]string{one}, login...)...)
	h.ok(t, one, "registry", "add", h.host)
	h.ok(t, "crane", "append", "-f", h.layer(t), "-t", h.ref("linked:1"))
	two := unpack("v2")
	if err := os.RemoveAll(filepath.Join(h.dir, "store", "v1")); err != nil {
		t.Fatal(err)
	}
	h.ok(t, append([]string{two}, login...)...)
	h.ok(t, "crane", "manifest", h.ref("linked:1"))
	// Another's program of that name stays.
	elsewhere := h.write(t, "other/docker-credential-vsphere", "#!/bin/sh\n")
	if out, code := h.tool("", two, "registry", "install-helper", filepath.Dir(elsewhere)); code == 0 || !strings.Contains(out, "--force") || read(t, elsewhere) != "#!/bin/sh\n" {
		t.Errorf("%d %s", code, out)
	}
	h.ok(t, two, "registry", "install-helper", filepath.Dir(elsewhere), "--force")
	// So does a link to one.
	linked := filepath.Join(h.dir, "linked", "docker-credential-vsphere")
	if err := errors.Join(os.Mkdir(filepath.Dir(linked), 0o700), os.Symlink("../other/vmware-helper", linked)); err != nil {
		t.Fatal(err)
	}
	if out, code := h.tool("", two, "registry", "install-helper", filepath.Dir(linked)); code == 0 || !strings.Contains(out, "--force") {
		t.Errorf("%d %s", code, out)
	}
}

// A login by an identity provider has no token that a registry takes: that is said, and nothing is sent.
func TestRegistryOfAnOIDCSession(t *testing.T) {
	t.Parallel()
	server := newIssuer(t, nil).server
	host := newRegistry(t, map[string]any{"endpoint": "https://" + server + "/wcp/login"})
	h := helperHome(t)
	u := newUser(t, "ns1")
	h.setenv("KUBECTL_VSPHERE_PASSWORD", u.Password)
	h.ok(t, "kubectl-vsphere", "login", "--server", server, "--auth-method", "oidc", "--oidc-flow", "password", "-u", u.Username,
		"--certificate-authority", site.Supervisors[0].CA, "--workload-clusters", "none")
	out, code := h.tool("", "kubectl-vsphere", "registry", "add", host)
	if code == 0 || !strings.Contains(out, "identity provider") || authorized(t, host) != 0 {
		t.Errorf("%d %s, %d logins", code, out, authorized(t, host))
	}
	if out, code := h.get(host); code == 0 || !strings.Contains(out, "docker login") {
		t.Errorf("%d %s", code, out)
	}
	// VMware's command line does not make it a login by vCenter's password: neither while it lasts, nor after its end.
	h.setenv("KUBECTL_VSPHERE_PASSWORD", "")
	for range 2 {
		h.tool("", "docker-credential-vsphere", "login", host)
		if method, all := h.session(t)["method"], strings.Join(logins(t, u), "\n"); method != "oidc" || strings.Contains(all, "/wcp/login") {
			t.Errorf("%v %s", method, all)
		}
		h.endCredentials(t)
	}
}

// What other registries get told to keep goes to a real keychain, where the user chose one.
func TestRegistryBackingKeychain(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"dbus-run-session", "gnome-keyring-daemon", "secret-tool", "docker-credential-secretservice"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed; .ci/run installs it", program)
		}
	}
	host := newRegistry(t, map[string]any{"refuseTokens": true})
	h := newRegistryHome(t)
	h.tool("", "kubectl-vsphere", "registry", "add", host)
	bus := h.write(t, "bus.conf", busConfig)
	h.setenv("HOST", host)
	h.setenv("NAME", h.user.Username)
	h.setenv("P", h.user.Password)
	h.layer(t)
	out, code := h.tool("", "dbus-run-session", "--config-file="+bus, "--", "sh", "-ec", `
printf keyring | gnome-keyring-daemon --foreground --unlock --components=secrets >/dev/null 2>&1 &
trap 'kill $!; wait' EXIT
for i in $(seq 200); do echo ready | secret-tool store --label=ready probe ready 2>/dev/null && break; sleep 0.05; done
crane auth login $HOST -u "$NAME" -p "$P" && echo KEPT IN A FILE
docker-credential-vsphere configure --service secretservice
crane auth login $HOST -u "$NAME" -p "$P"
crane append -f layer.tar -t $HOST/ns1/keychain:1
docker-credential-vsphere list
secret-tool search --all server "$HOST" 2>&1 | grep -c '^secret = '
crane auth logout $HOST
crane manifest $HOST/ns1/keychain:1 || echo GONE
for forget in "docker-credential-vsphere logout" "kubectl-vsphere registry remove"; do
	crane auth login $HOST -u "$NAME" -p "$P"
	$forget $HOST
	secret-tool search --all server "$HOST" 2>&1 | grep '^secret = ' && echo LEFT
	true
done
echo DONE
`)
	if code != 0 || strings.Contains(out, "KEPT") || strings.Contains(out, "LEFT") || !strings.Contains(out, "\nGONE\n") || !strings.Contains(out, `"`+host+`":"`+h.user.Username+`"`) || !strings.HasSuffix(strings.TrimSpace(out), "DONE") {
		t.Errorf("%d %s", code, out)
	}
	err := filepath.WalkDir(h.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && !strings.Contains(path, "keyrings") {
			if text, _ := os.ReadFile(path); strings.Contains(string(text), h.user.Password) {
				t.Errorf("%s holds the password", path)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// podman's own file, on request: with it podman and skopeo ask the helper also where they read nothing of docker's.
func TestRegistryPodmanAuthFile(t *testing.T) {
	t.Parallel()
	h := newRegistryHome(t)
	h.found(t, "skopeo")
	h.containers(t)
	h.base(t, "auth:1")
	h.ok(t, "kubectl-vsphere", "registry", "configure", "--remove")
	inspect := []string{"skopeo", "inspect", "docker://" + h.ref("auth:1")}
	if out, code := h.tool("", inspect...); code == 0 {
		t.Fatalf("it works without: %s", out)
	}
	h.ok(t, "kubectl-vsphere", "registry", "configure", "--podman")
	h.ok(t, inspect...)
	h.ok(t, "kubectl-vsphere", "registry", "configure", "--podman", "--check")
	h.ok(t, "kubectl-vsphere", "registry", "configure", "--podman", "--remove")
	if out, code := h.tool("", "kubectl-vsphere", "registry", "configure", "--podman", "--check"); code == 0 {
		t.Errorf("%s", out)
	}
	auth := filepath.Join(h.dir, "auth.json")
	h.setenv("REGISTRY_AUTH_FILE", auth)
	if out := h.ok(t, "kubectl-vsphere", "registry", "configure"); !strings.Contains(out, "configure --podman") {
		t.Errorf("nothing is said of REGISTRY_AUTH_FILE: %s", out)
	}
	h.ok(t, "kubectl-vsphere", "registry", "configure", "--podman")
	h.ok(t, inspect...)
	if !strings.Contains(read(t, auth), h.host) {
		t.Error(read(t, auth))
	}
}

// The CA of a registry: what the login trusts, else what the registry gives when somebody vouches for it, where the clients look.
func TestRegistryCA(t *testing.T) {
	t.Parallel()
	h := newRegistryHome(t)
	h.found(t, "skopeo")
	h.containers(t)
	h.base(t, "ca:1")
	inspect := func(host string) (string, int) {
		return h.tool("", "skopeo", "inspect", "docker://"+host+"/ns1/ca:1")
	}
	h.setenv("SSL_CERT_FILE", "/dev/null")
	if out, code := inspect(h.host); code == 0 || !strings.Contains(out, "x509") {
		t.Fatalf("the CA is known: %s", out)
	}
	certs := filepath.Join(h.dir, ".config", "containers", "certs.d")
	if out := h.ok(t, "kubectl-vsphere", "registry", "ca", h.host); out != read(t, site.Registry.CA) {
		t.Errorf("%s", out)
	}
	h.ok(t, "kubectl-vsphere", "registry", "ca", h.host, "--install", "--certs-dir", certs)
	h.ok(t, "kubectl-vsphere", "registry", "ca", h.host, "--install", "--certs-dir", certs) // Twice.
	if out, code := inspect(h.host); code != 0 {
		t.Errorf("%d %s", code, out)
	}

	other := newRegistry(t, map[string]any{"otherCA": true})
	out, code := h.tool("", "kubectl-vsphere", "registry", "ca", other, "--certs-dir", certs)
	_, sum, found := strings.Cut(out, "SHA-256: ")
	if code == 0 || !found || !strings.Contains(out, "is not confirmed") {
		t.Fatalf("%d %s", code, out)
	}
	sum, _, _ = strings.Cut(sum, "\n")
	out, code = h.tool("", "kubectl-vsphere", "registry", "ca", other, "--certs-dir", certs, "--ca-fingerprint", "sha256:"+strings.Repeat("00", 32))
	if code == 0 || !strings.Contains(out, "somebody may be between") {
		t.Errorf("%d %s", code, out)
	}
	if _, err := os.Stat(filepath.Join(certs, other)); err == nil {
		t.Error("it is installed all the same")
	}
	term := h.onTerminal(t, "kubectl-vsphere", "registry", "ca", other, "--certs-dir", certs)
	term.expect("Take it? [y/N] ")
	term.enter("\n")
	if code := term.wait(); code == 0 || !strings.Contains(term.output(), "the CA is not used") {
		t.Errorf("%d %s", code, term.output())
	}
	h.ok(t, "kubectl-vsphere", "registry", "ca", other, "--certs-dir", certs, "--ca-fingerprint", "sha256:"+sum)
	h.tool("", "kubectl-vsphere", "registry", "add", other, "--certificate-authority", filepath.Join(certs, other, "ca.crt"), "--send-token-to", other)
	if out, code := inspect(other); code != 0 { // One real registry is behind both.
		t.Errorf("%d %s", code, out)
	}
	foreign := h.write(t, filepath.Join(".config/containers/certs.d", h.host, "ca.crt"), "mine")
	if out, code := h.tool("", "kubectl-vsphere", "registry", "ca", h.host, "--certs-dir", certs); code == 0 || !strings.Contains(out, "--force") || read(t, foreign) != "mine" {
		t.Errorf("%d %s", code, out)
	}
	if n := authorized(t, other); n == 0 {
		t.Error("nobody logged in")
	}
}

// A Harbor with an identity provider: the session gets its CLI secret by an ID token for it, and clients use that.
func TestRegistryOfAnIdentityProvider(t *testing.T) {
	t.Parallel()
	server := newIssuer(t, nil).server
	h := helperHome(t)
	h.user = newUser(t, "ns1")
	people := func(name string) map[string]any {
		return map[string]any{"mode": "oidc_auth", "clientID": "harbor", "users": []any{map[string]any{"username": name, "password": "CLI-secret-7", "projects": map[string]string{"ns1": "push"}}}}
	}
	host, strange := newRegistry(t, people(h.user.Username)), newRegistry(t, people("somebody@vsphere.local"))
	login := []string{"kubectl-vsphere", "login", "--server", server, "--auth-method", "oidc", "--oidc-flow", "password", "-u", h.user.Username,
		"--certificate-authority", site.Supervisors[0].CA, "--workload-clusters", "none"}
	if out, code := h.withPassword(login...); code != 0 {
		t.Fatalf("%d %s", code, out)
	}
	for _, args := range [][]string{{"registry", "add", host}, {"registry", "add", host, "--oidc-audience", "harbor"}} {
		if out, code := h.tool("", append([]string{"kubectl-vsphere"}, args...)...); code == 0 || authorized(t, host) != 0 {
			t.Errorf("%q: %d %s, %d requests with a token", args, code, out, authorized(t, host))
		}
	}
	add := []string{"kubectl-vsphere", "registry", "add", host, "--send-token-to", host, "--oidc-audience"}
	if out, code := h.tool("", append(add, "other")...); code == 0 || !strings.Contains(out, "https://"+host) {
		t.Errorf("the client ID of somebody else: %d %s", code, out)
	}
	if out := h.ok(t, append(add, "harbor")...); !strings.Contains(out, h.user.Username) || strings.Contains(out, "CLI-secret-7") {
		t.Errorf("%s", out)
	}
	h.ok(t, "crane", "append", "-f", h.layer(t), "-t", host+"/ns1/identity:1")
	h.ok(t, "crane", "auth", "logout", host)
	if out, code := h.get(host); code == 0 {
		t.Errorf("after a client's logout: %s", out)
	}
	h.ok(t, "docker-credential-vsphere", "login", host)
	h.ok(t, "crane", "manifest", host+"/ns1/identity:1")
	// What somebody stored by hand is not overwritten.
	h.ok(t, "crane", "auth", "login", host, "-u", "robot", "-p", "mine")
	h.ok(t, "docker-credential-vsphere", "login", host)
	if out, _ := h.get(host); !strings.Contains(out, "mine") {
		t.Errorf("%s", out)
	}
	h.ok(t, "crane", "auth", "logout", host)
	if out, code := h.withPassword(login...); code != 0 {
		t.Fatalf("%d %s", code, out)
	}
	if out, code := h.get(host); code != 0 || !strings.Contains(out, "CLI-secret-7") {
		t.Errorf("a login does not bring it back: %d %s", code, out)
	}
	out, code := h.tool("", "kubectl-vsphere", "registry", "add", strange, "--send-token-to", strange, "--oidc-audience", "harbor")
	if code == 0 || !strings.Contains(out, "Log in to its page https:") {
		t.Errorf("somebody who never was there: %d %s", code, out)
	}
	h.ok(t, "kubectl-vsphere", "logout")
	if out, code := h.get(host); code == 0 || strings.Contains(out, "CLI-secret-7") {
		t.Errorf("after logout: %d %s", code, out)
	}
}
