package e2e

import (
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// githubStep is a step of a workflow or of a composite action.
type githubStep struct {
	Name, If, Run, Uses, Shell string
	Env, With                  map[string]string
}

// action is .github/actions/login.
type action struct {
	Inputs map[string]struct {
		Description, Default string
		Required             bool
	}
	Runs struct {
		Using string
		Steps []githubStep
	}
}

func loginAction(t *testing.T) action {
	t.Helper()
	var a action
	parseYAML(t, read(t, "../../.github/actions/login/action.yml"), &a)
	if a.Runs.Using != "composite" || len(a.Runs.Steps) != 3 {
		t.Fatalf("%+v", a.Runs)
	}
	return a
}

// github plays what GitHub does with the steps of a job: expressions, files of the runner, and no more.
type github struct {
	*runner
	temp  string
	known map[string]string // vars.NAME, secrets.NAME, inputs.NAME
}

func newGitHub(t *testing.T) *github {
	t.Helper()
	g := &github{runner: newRunner(t, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"), temp: t.TempDir()}
	g.known = map[string]string{
		"vars.VSPHERE_SERVER": g.env["VSPHERE_SERVER"], "vars.VSPHERE_USER": g.user.Username, "vars.VSPHERE_CLUSTER": "ns1/tkc1",
		"vars.VSPHERE_CA_SHA256": sha256Of(t, site.Supervisors[0].CA), "secrets.VSPHERE_PASSWORD": g.user.Password,
	}
	maps.DeleteFunc(g.env, func(name, _ string) bool { return strings.HasPrefix(name, "VSPHERE_") })
	g.env["RUNNER_TEMP"], g.env["GITHUB_ENV"], g.env["GITHUB_PATH"] = g.temp, filepath.Join(g.temp, "env"), filepath.Join(g.temp, "path")
	return g
}

var expression = regexp.MustCompile(`\$\{\{ ((?:vars|secrets|inputs)\.[A-Za-z0-9_-]+) \}\}`)

// expand returns values without expressions. One that is not known is an error: GitHub would take it for an empty text.
func (g *github) expand(t *testing.T, values map[string]string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for name, value := range values {
		out[name] = expression.ReplaceAllStringFunc(value, func(s string) string {
			value, ok := g.known[expression.FindStringSubmatch(s)[1]]
			if !ok {
				t.Errorf("%s is not known", s)
			}
			return value
		})
	}
	return out
}

// step plays one step, and returns its exit code. A step that uses the action plays all of its steps.
func (g *github) step(t *testing.T, s githubStep) int {
	t.Helper()
	if strings.HasPrefix(s.Uses, "kubectl-vsphere/kubectl-vsphere/.github/actions/login@") {
		return g.login(t, g.expand(t, s.With))
	}
	if s.Uses != "" {
		return 0 // actions/checkout: the repository is there
	}
	if strings.Contains(s.Run, "${{") {
		t.Errorf("%s: a value would become a part of the shell's text", s.Name)
	}
	vars := maps.Clone(g.env)
	if text, err := os.ReadFile(g.env["GITHUB_ENV"]); err == nil {
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			vars[name] = value
		}
	}
	if text, err := os.ReadFile(g.env["GITHUB_PATH"]); err == nil {
		for line := range strings.Lines(string(text)) {
			vars["PATH"] = strings.TrimSpace(line) + ":" + vars["PATH"]
		}
	}
	maps.Copy(vars, g.expand(t, s.Env))
	return g.sh(t, s.Run, vars)
}

// login plays the action with its inputs.
func (g *github) login(t *testing.T, with map[string]string) int {
	t.Helper()
	a := loginAction(t)
	for name, input := range a.Inputs {
		value, given := with[name]
		if !given {
			value = input.Default
		}
		if input.Required && !given {
			t.Errorf("the input %s is required", name)
		}
		g.known["inputs."+name] = value
	}
	for name := range with {
		if _, ok := a.Inputs[name]; !ok {
			t.Errorf("there is no input %s", name)
		}
	}
	for _, s := range a.Runs.Steps {
		if s.Shell != "bash" || s.If != "" {
			t.Errorf("%+v", s)
		}
		if code := g.step(t, s); code != 0 {
			return code
		}
	}
	return 0
}

// masked returns the values that the runner was told to hide, and takes the lines that say so out of the log, as GitHub does.
func (g *github) masked(t *testing.T) []string {
	t.Helper()
	var masks []string
	log := g.out.String()
	g.out.Reset()
	for line := range strings.Lines(log) {
		value, ok := strings.CutPrefix(line, "::add-mask::")
		if !ok {
			g.out.WriteString(line)
			continue
		}
		masks = append(masks, strings.NewReplacer("%25", "%", "%0D", "\r", "%0A", "\n").Replace(strings.TrimSuffix(value, "\n")))
	}
	return masks
}

// workflow plays the job of a recipe, with more inputs for the action.
func (g *github) workflow(t *testing.T, heading string, more map[string]string) {
	t.Helper()
	var workflow struct {
		Jobs map[string]struct {
			Permissions map[string]string
			Steps       []githubStep
		}
	}
	parseYAML(t, recipe(t, heading), &workflow)
	job := workflow.Jobs["deploy"]
	if job.Permissions["id-token"] != "write" {
		delete(g.env, "ACTIONS_ID_TOKEN_REQUEST_URL")
	}
	used, failed := 0, false
	for _, s := range job.Steps {
		if failed && s.If != "always()" {
			continue
		}
		if s.With != nil {
			used++
			maps.Copy(s.With, more)
		}
		if code := g.step(t, s); code != 0 {
			t.Errorf("%s%s: exit code %d", s.Name, s.Uses, code)
			failed = true
		}
	}
	if used != 1 {
		t.Errorf("the recipe uses the action %d times", used)
	}
}

func TestCIGitHub(t *testing.T) {
	t.Parallel()
	g := newGitHub(t)
	if err := adminCall(http.MethodPost, "users/"+g.user.Username+"/password", map[string]string{"password": "100%25 sure"}, nil); err != nil {
		t.Fatal(err)
	}
	g.user.Password = "100%25 sure" // A percent sign has a meaning in what the runner reads.
	g.known["secrets.VSPHERE_PASSWORD"] = g.user.Password
	g.workflow(t, "GitHub Actions", nil)
	if got := g.masked(t); len(got) != 1 || got[0] != g.user.Password {
		t.Errorf("masked: %q", got)
	}
	g.deployed(t, filepath.Join(g.temp, "vsphere", "store"))
}

// jobToken is an ID token of the lab's Dex for a user, whom the cluster lets do everything.
func jobToken(t *testing.T, u user) string {
	t.Helper()
	form := url.Values{"client_id": {site.OIDC.ClientID}, "grant_type": {"password"}, "username": {u.Username}, "password": {u.Password}, "scope": {"openid email groups"}}
	status, reply := postForm(t, site.OIDC.Issuer+"/token", form)
	token, _ := reply["id_token"].(string)
	if status != http.StatusOK || token == "" {
		t.Fatalf("%d %v", status, reply)
	}
	name := strings.Split(u.Username, "@")[0]
	out, err := exec.Command(bin+"/kubectl", "--kubeconfig", site.Supervisors[0].Clusters[0].AdminKubeconfig, "create", "clusterrolebinding", name, "--clusterrole", "cluster-admin",
		"--user", "oidc:"+u.Username).CombinedOutput()
	if err != nil {
		t.Fatalf("%v %s", err, out)
	}
	return token
}

// requestToken plays the service from which a job of GitHub gets its token.
func (g *github) requestToken(t *testing.T, token string) {
	t.Helper()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "bearer of-the-job" || r.FormValue("audience") != site.OIDC.ClientID || r.FormValue("api-version") != "2.0" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"count": 1, "value": token})
	}))
	t.Cleanup(service.Close)
	g.env["ACTIONS_ID_TOKEN_REQUEST_URL"], g.env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = service.URL+"/token?api-version=2.0", "of-the-job"
}

// Without any password: the job's own token, which the API server accepts. The lab's Dex is the issuer in place of GitHub.
func TestCIGitHubToken(t *testing.T) {
	t.Parallel()
	g := newGitHub(t)
	token := jobToken(t, g.user)
	g.requestToken(t, token)
	g.known["vars.API_SERVER"] = tkc1(t)
	g.workflow(t, "Without a password", map[string]string{
		"audience": site.OIDC.ClientID, "certificate-authority": filepath.Join(labDir(), "tkg1", "ca.crt"),
	})
	if got := g.masked(t); len(got) != 1 || got[0] != token {
		t.Errorf("masked: %q", got)
	}
	g.deployed(t, filepath.Join(g.temp, "vsphere", "store"))
	if got := logins(t, g.user); len(got) > 0 {
		t.Errorf("a password was sent: %q", got)
	}
}

// What is missing is said before anything is sent.
func TestCIGitHubBadInputs(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		with map[string]string
		want string
	}{
		"nothing":       {map[string]string{"username": "x"}, "neither a password nor an audience"},
		"no permission": {map[string]string{"audience": "x"}, "permissions: id-token: write"},
		"no sha256":     {map[string]string{"url": "https://127.0.0.1:1/x"}, "url needs sha256"},
	} {
		g := newGitHub(t)
		with := map[string]string{"server": g.known["vars.VSPHERE_SERVER"]}
		maps.Copy(with, tc.with)
		if code := g.login(t, with); code != 2 || !strings.Contains(g.out.String(), "::error::") || !strings.Contains(g.out.String(), tc.want) {
			t.Errorf("%s: %d %s", name, code, g.out.String())
		}
	}
}

// The action installs the program from a directory, or from an archive that has the checksum, and the later steps find it.
func TestCIGitHubInstall(t *testing.T) {
	t.Parallel()
	release := t.TempDir()
	archive := filepath.Join(release, "kubectl-vsphere.tar.gz")
	if out, err := exec.Command("tar", "-czhf", archive, "-C", bin, "kubectl-vsphere").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	server := httptest.NewTLSServer(http.FileServer(http.Dir(release)))
	t.Cleanup(server.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	sum, err := exec.Command("sha256sum", archive).Output()
	if err != nil {
		t.Fatal(err)
	}
	digest, _, _ := strings.Cut(string(sum), " ")
	address := server.URL + "/kubectl-vsphere.tar.gz"
	for name, tc := range map[string]struct {
		with map[string]string
		code int
	}{
		"directory":       {map[string]string{"path": bin}, 0},
		"archive":         {map[string]string{"url": address, "sha256": digest}, 0},
		"capital digits":  {map[string]string{"url": address, "sha256": strings.ToUpper(digest)}, 0},
		"another archive": {map[string]string{"url": address, "sha256": strings.Repeat("0", 64)}, 1},
		"a part of it":    {map[string]string{"url": address, "sha256": digest[:10]}, 1},
		"any":             {map[string]string{"url": address, "sha256": ".*"}, 1},
		"http":            {map[string]string{"url": strings.Replace(address, "https", "http", 1), "sha256": digest}, 1},
	} {
		g := newGitHub(t)
		g.env["PATH"], g.env["CURL_CA_BUNDLE"] = "/usr/bin:/bin", ca
		a := loginAction(t)
		for _, input := range []string{"path", "url", "sha256"} {
			g.known["inputs."+input] = tc.with[input]
		}
		if code := g.step(t, a.Runs.Steps[0]); (code != 0) != (tc.code != 0) {
			t.Errorf("%s: exit code %d: %s", name, code, g.out.String())
		}
		code := g.step(t, githubStep{Name: "later", Run: "kubectl-vsphere version"})
		if (code == 0) != (tc.code == 0) {
			t.Errorf("%s: a later step: %d %s", name, code, g.out.String())
		}
	}
}
