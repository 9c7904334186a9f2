package e2e

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"go.yaml.in/yaml/v3"
)

// recipe is a fenced block of docs/ci.md, by its heading.
func recipe(t *testing.T, heading string) string {
	t.Helper()
	return recipeOf(t, "ci.md", heading)
}

// recipeOf is a fenced block of a document, by its heading.
func recipeOf(t *testing.T, document, heading string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../docs", document))
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "# "+heading+"\n")
	_, block, fenced := strings.Cut(section, "\n```")
	_, block, _ = strings.Cut(block, "\n") // the language
	block, _, closed := strings.Cut(block, "\n```")
	if !ok || !fenced || !closed {
		t.Fatalf("docs/%s has no recipe under %q", document, heading)
	}
	return block
}

func parseYAML(t *testing.T, text string, out any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(text), out); err != nil {
		t.Fatal(err)
	}
}

// runner plays a CI product: an empty environment, no terminal, a checked out repository.
type runner struct {
	user  user
	dir   string
	env   map[string]string
	shell []string
	out   strings.Builder
}

func newRunner(t *testing.T, shell ...string) *runner {
	t.Helper()
	u := newUser(t, "ns1")
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "deploy"), 0o700); err != nil {
		t.Fatal(err)
	}
	object := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + strings.Split(u.Username, "@")[0] + ", namespace: default}\n"
	if err := os.WriteFile(filepath.Join(dir, "deploy", "object.yaml"), []byte(object), 0o600); err != nil {
		t.Fatal(err)
	}
	r := &runner{user: u, dir: dir, shell: shell, env: map[string]string{
		"PATH": bin + ":/usr/local/bin:/usr/bin:/bin", "HOME": t.TempDir(),
		"VSPHERE_SERVER": site.Supervisors[0].Server, "VSPHERE_USER": u.Username, "VSPHERE_CLUSTER": "ns1/tkc1",
	}}
	return r
}

// sh runs a shell body with more variables and returns the exit code.
func (r *runner) sh(t *testing.T, body string, more map[string]string) int {
	t.Helper()
	cmd := exec.Command(r.shell[0], append(r.shell[1:], body)...)
	cmd.Dir = r.dir
	cmd.Env = []string{}
	for _, vars := range []map[string]string{r.env, more} {
		for name, value := range vars {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := cmd.CombinedOutput()
	r.out.Write(out)
	return exitCode(err)
}

// deployed checks that the job did its work, showed no password, and left nothing in its store.
func (r *runner) deployed(t *testing.T, store string) {
	t.Helper()
	name := strings.Split(r.user.Username, "@")[0]
	out, err := exec.Command(bin+"/kubectl", "--kubeconfig", site.Supervisors[0].Clusters[0].AdminKubeconfig, "get", "configmap", name).CombinedOutput()
	if err != nil {
		t.Errorf("it is not deployed: %s", out)
	}
	r.clean(t, store)
}

func (r *runner) clean(t *testing.T, store string) {
	t.Helper()
	if out := r.out.String(); strings.Contains(out, r.user.Password) || strings.Contains(out, "eyJ") {
		t.Errorf("a secret is shown:\n%s", out)
	}
	for _, sub := range []string{"sessions", "credentials"} {
		if left, _ := filepath.Glob(filepath.Join(store, sub, "*")); len(left) > 0 {
			t.Errorf("left after the job: %q", left)
		}
	}
	if t.Failed() {
		t.Logf("the job's log:\n%s", r.out.String())
	}
}

func TestCIIdentityProvider(t *testing.T) {
	t.Parallel()
	r := newRunner(t, "sh", "-euc")
	store := filepath.Join(t.TempDir(), "vsphere")
	r.env["VSPHERE_SERVER"] = newIssuer(t, nil).server
	r.env["VSPHERE_CA"], r.env["KUBECTL_VSPHERE_HOME"] = site.Supervisors[0].CA, store
	if code := r.sh(t, recipe(t, "Identity providers"), map[string]string{"KUBECTL_VSPHERE_PASSWORD": r.user.Password}); code != 0 {
		t.Errorf("exit %d", code)
	}
	r.deployed(t, store)
}

func TestCIJenkins(t *testing.T) {
	t.Parallel()
	r := newRunner(t, "sh", "-xec")
	pipeline := recipe(t, "Jenkins")
	r.env["WORKSPACE_TMP"], r.env["VSPHERE_CA_SHA256"] = r.dir+"@tmp", sha256Of(t, site.Supervisors[0].CA)
	for _, m := range regexp.MustCompile(`(?m)^ +([A-Z_]+) = "(.*)"$`).FindAllStringSubmatch(pipeline, -1) {
		r.env[m[1]] = os.Expand(m[2], func(name string) string { return r.env[name] })
	}
	bodies := regexp.MustCompile(`(?s)sh '''(.*?)'''`).FindAllStringSubmatch(pipeline, -1)
	if len(bodies) != 3 {
		t.Fatalf("%d shell bodies", len(bodies))
	}
	for i, body := range bodies {
		more := map[string]string{}
		if i == 0 { // within withCredentials
			more["KUBECTL_VSPHERE_PASSWORD"] = r.user.Password
		}
		if code := r.sh(t, body[1], more); code != 0 {
			t.Errorf("exit code %d:%s", code, body[1])
		}
	}
	r.deployed(t, r.env["KUBECTL_VSPHERE_HOME"])
}

func TestCIArgoCD(t *testing.T) {
	t.Parallel()
	var job struct {
		Spec struct {
			JobTemplate struct {
				Spec struct {
					BackoffLimit *int `yaml:"backoffLimit"`
					Template     struct {
						Spec struct {
							Containers []struct {
								Command, Args []string
								Env           []struct{ Name, Value string }
							}
						}
					}
				}
			} `yaml:"jobTemplate"`
		}
	}
	parseYAML(t, recipe(t, "Argo CD"), &job)
	container := job.Spec.JobTemplate.Spec.Template.Spec.Containers[0]
	r := newRunner(t, container.Command...)
	secrets := t.TempDir()
	ca, err := os.ReadFile(site.Supervisors[0].CA)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"password": r.user.Password + "\n", "ca.pem": string(ca)} {
		if err := os.WriteFile(filepath.Join(secrets, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// The second Supervisor stands for the cluster that Argo CD runs in; its administrator for the service account.
	argo := site.Supervisors[1].AdminKubeconfig
	mine := map[string]string{
		"VSPHERE_SERVER": r.env["VSPHERE_SERVER"], "VSPHERE_USER": r.user.Username, "VSPHERE_SECRET": secrets,
		"ARGOCD_NAMESPACE": "default", "KUBECONFIG": argo, "TMPDIR": r.dir,
	}
	for _, e := range container.Env {
		if _, ok := mine[e.Name]; !ok {
			mine[e.Name] = e.Value
		}
	}
	if code := r.sh(t, container.Args[0], mine); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if job.Spec.JobTemplate.Spec.BackoffLimit == nil || *job.Spec.JobTemplate.Spec.BackoffLimit != 0 {
		t.Error("a wrong password is sent by each of several pods")
	}
	out, err := exec.Command(bin+"/kubectl", "--kubeconfig", argo, "-n", "default", "get", "secret", "cluster-tkc1", "-o", "json").Output()
	var secret struct {
		Metadata struct{ Labels map[string]string }
		Data     map[string][]byte
	}
	if err != nil || json.Unmarshal(out, &secret) != nil || secret.Metadata.Labels["argocd.argoproj.io/secret-type"] != "cluster" {
		t.Errorf("no Secret: %v %s", err, out)
	}
	var config struct {
		BearerToken     string
		TLSClientConfig struct{ CAData string }
	}
	if err := json.Unmarshal(secret.Data["config"], &config); err != nil {
		t.Fatal(err, r.out.String())
	}
	caFile := filepath.Join(r.dir, "target-ca.pem")
	text, err := base64.StdEncoding.DecodeString(config.TLSClientConfig.CAData)
	if err != nil || os.WriteFile(caFile, text, 0o600) != nil {
		t.Fatal(err)
	}
	get := exec.Command(bin+"/kubectl", "--kubeconfig", os.DevNull, "--server", string(secret.Data["server"]), "--certificate-authority", caFile,
		"--token", config.BearerToken, "get", "configmaps", "-n", "default")
	if out, err := get.CombinedOutput(); err != nil {
		t.Errorf("Argo CD could not use it: %s", out)
	}
	left, _ := filepath.Glob(filepath.Join(r.dir, "tmp.*"))
	if len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	r.clean(t, "")
}

// A recipe stops at a wrong password: it is sent once, and the job ends with 3.
func TestCIWrongPassword(t *testing.T) {
	t.Parallel()
	r := newRunner(t, "sh", "-ec")
	r.env["VSPHERE_CA"] = site.Supervisors[0].CA
	code := r.sh(t, `printf '%s\n' wrong | kubectl vsphere login --server "$VSPHERE_SERVER" -u "$VSPHERE_USER" --password-stdin --certificate-authority "$VSPHERE_CA"`, nil)
	if got := logins(t, r.user); code != 3 || len(got) != 1 {
		t.Errorf("exit code %d after %q:\n%s", code, got, r.out.String())
	}
}
