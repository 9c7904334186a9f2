package migratecmd_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// plugin is what VMware's plugin writes at a login as User.
const plugin = `apiVersion: v1
kind: Config
clusters:
- cluster:
    insecure-skip-tls-verify: true
    server: https://10.0.0.1:6443
  name: 10.0.0.1
- cluster:
    server: https://10.0.0.11:6443
  name: 10.0.0.11
contexts:
- context:
    cluster: 10.0.0.1
    user: wcp:10.0.0.1:dev@vsphere.local
  name: 10.0.0.1
- context:
    cluster: 10.0.0.1
    namespace: ns1
    user: wcp:10.0.0.1:dev@vsphere.local
  name: ns1
- context:
    cluster: 10.0.0.11
    user: wcp:10.0.0.11:dev@vsphere.local
  name: tkc1
current-context: ns1
users:
- name: wcp:10.0.0.1:dev@vsphere.local
  user:
    token: their-token
- name: wcp:10.0.0.11:dev@vsphere.local
  user:
    token: their-token
`

// tanzu is a kubeconfig of the Tanzu CLI, as a person has it: a comment, its own indentation, and it is current.
const tanzu = `# mine
apiVersion: v1
kind: Config
current-context: tanzu-cli-id@id
clusters:
  - name: id
    cluster: {server: "https://10.0.0.1:6443"}
contexts:
  - name: tanzu-cli-id@id   # do not touch
    context: {cluster: id, user: tanzu-cli-id}
users:
  - name: tanzu-cli-id
    user:
      exec:
        apiVersion: client.authentication.k8s.io/v1beta1
        command: tanzu
        args: [pinniped-auth, login, "--issuer=https://10.0.0.1/wcp/pinniped"]
`

// config is a file of the Tanzu CLI, with a token that is nobody's business.
const config = `contexts:
- name: sup
  contextType: kubernetes
  clusterOpts: {endpoint: "https://10.0.0.1", context: tanzu-cli-id@id}
- name: tmc
  target: mission-control
  globalOpts: {auth: {refresh_token: their-token}}
`

// state is all that other tools have: their bytes, when they changed, and what may be done with them.
func state(t *testing.T, paths ...string) (all []string) {
	t.Helper()
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		names, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprint(string(text), info.ModTime(), info.Mode(), names))
	}
	return all
}

// Contexts of VMware's plugin are shown with what to type. Nothing is asked, sent or written.
func TestDryRun(t *testing.T) {
	w, s := clitest.Site(t)
	w.WriteFile("kubeconfig", plugin, 0o600)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	r := w.Run("migrate", "--dry-run").Exits(failure.OK).Says("ns1", "VMware's plugin", "kubectl vsphere login --server 10.0.0.1 -u dev@vsphere.local",
		"tokens and passwords of other tools are not used", "some do not say which Supervisor they belong to (1)").Omits("their-token")
	if want := "CONTEXT    TOOL              SERVER     USER                NAMESPACE   CLUSTER   OURS\n"; !strings.HasPrefix(r.Out, want) {
		t.Error(r.Out)
	}
	clitest.SignedIn(t, w, s, "--kubeconfig", filepath.Join(w.Dir, "elsewhere"))
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Person()
	w.Run("migrate", "--dry-run").Exits(failure.OK).Says("kubectl vsphere login --server 10.0.0.1 -u dev@vsphere.local")
	w.Run("migrate", "-o", "name").Exits(failure.OK)
	w.Run("migrate", "-o", "json").Exits(failure.OK)
	if got := s.Requests(); len(got) > 0 || w.ReadKubeconfig() != plugin {
		t.Error(got, w.ReadKubeconfig())
	}
}

// Where nobody has logged in yet, nothing is sent without a person who says yes, even if a password is at hand: whoever gives away a
// kubeconfig must not get it.
func TestNothingForStrangers(t *testing.T) {
	w, _ := clitest.Site(t)
	stranger := w.Stranger("10.6.6.6:443", "10.6.6.6:6443")
	w.Vars[failure.PasswordVariable], w.Vars["KUBECTL_VSPHERE_USERNAME"] = consoletest.Password, consoletest.User
	w.WriteFile("kubeconfig", strings.ReplaceAll(plugin, "10.0.0.1:", "10.6.6.6:"), 0o600)
	const command = "kubectl vsphere login --server 10.6.6.6 -u dev@vsphere.local"
	w.WriteFile(".config/vcf/config.yaml", "contexts: [{name: x, clusterOpts: {endpoint: 10.6.6.6}}]", 0o600)
	before := w.ReadKubeconfig()
	w.Run("migrate").Exits(failure.OK).Says(command)
	w.Person(consoletest.Answer{To: "Log in to 10.6.6.6 as dev@vsphere.local, to get contexts of your own? [y/N]", Keys: "n"})
	w.Run("migrate").Exits(failure.OK).Says(command)
	w.Person(consoletest.Answer{To: "Log in to 10.6.6.6 as", Keys: consoletest.Interrupt})
	w.Run("migrate").Exits(failure.Interrupted)
	if got := stranger.Got(); len(got) > 0 || w.ReadKubeconfig() != before {
		t.Errorf("%q", got)
	}
}

// A session at another server, or of another user, is no reason to log in.
func TestSessionsOfOthers(t *testing.T) {
	w, s := clitest.Site(t)
	clitest.SignedIn(t, w, s, "--kubeconfig", filepath.Join(w.Dir, "elsewhere"))
	w.Vars[failure.PasswordVariable] = consoletest.Password
	stranger := w.Stranger("10.6.6.6:443", "10.6.6.6:6443")
	for _, text := range []string{
		strings.ReplaceAll(plugin, "10.0.0.1:", "10.6.6.6:"), strings.ReplaceAll(plugin, "dev@", "root@"),
		strings.ReplaceAll(plugin, "wcp:10.0.0.1:", "wcp:10.0.0.1:8443:"),
	} {
		w.WriteFile("kubeconfig", text, 0o600)
		w.Run("migrate").Exits(failure.OK).Says("To get contexts of your own, log in").Omits("Logged in successfully")
	}
	if got := append(stranger.Got(), s.Requests()...); len(got) > 0 {
		t.Errorf("%q", got)
	}
}

// With a session, the contexts of the Tanzu CLI get ones of ours beside them. Theirs, their files and the current context stay.
func TestTheirsStay(t *testing.T) {
	w, s := clitest.Site(t)
	clitest.SignedIn(t, w, s, "--kubeconfig", filepath.Join(w.Dir, "elsewhere"))
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.WriteFile("kubeconfig", tanzu, 0o600)
	files := []string{
		w.WriteFile(".config/tanzu/config-ng.yaml", config, 0o640), w.WriteFile(".config/tanzu/config.yaml", "# old\n", 0o600),
		w.WriteFile(".config/vcf/config.yaml", "env: {VCF_CLI_VSPHERE_PASSWORD: their-token}\n", 0o644),
	}
	for _, path := range files {
		if err := os.Chtimes(path, time.Time{}, w.Now().Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	before := state(t, files...)
	w.Run("migrate").Exits(failure.OK).Says("tanzu-cli-id@id", "Tanzu CLI", "Logged in successfully").Omits("their-token")
	if diff := cmp.Diff(before, state(t, files...)); diff != "" {
		t.Error(diff)
	}
	rest := w.ReadKubeconfig()
	for line := range strings.Lines(tanzu) { // In this order, to the byte.
		at := strings.Index(rest, line)
		if at < 0 {
			t.Fatalf("%q is gone:\n%s", line, w.ReadKubeconfig())
		}
		rest = rest[at+len(line):]
	}
	for _, name := range []string{"10.0.0.1", "ns1", "tkc1"} {
		if !strings.Contains(w.ReadKubeconfig(), "name: "+name+"\n") {
			t.Errorf("there is no context %s:\n%s", name, w.ReadKubeconfig())
		}
	}
	s.Forget()
	r := w.Run("migrate").Exits(failure.OK).Says("You have contexts of your own for all of them.")
	if !strings.HasSuffix(strings.TrimSpace(r.Out), " 10.0.0.1") || len(s.Requests()) > 0 {
		t.Error(r.Out, s.Requests())
	}
}

// A login takes over the contexts of VMware's plugin: the same names, without the token.
func TestTakesOver(t *testing.T) {
	w, _ := clitest.Site(t)
	w.WriteFile("kubeconfig", plugin, 0o600)
	w.Person(consoletest.Answer{To: "Log in to 10.0.0.1 as dev@vsphere.local", Keys: "y"}, consoletest.Answer{To: "Trust", Keys: "y"}, consoletest.Answer{To: "Password:", Keys: consoletest.Password})
	w.Run("migrate").Exits(failure.OK).Says("Logged in successfully")
	if text := w.ReadKubeconfig(); strings.Contains(text, "their-token") || !strings.Contains(text, "current-context: ns1") {
		t.Error(text)
	}
	w.Run("migrate").Exits(failure.OK).Says("Other tools left no contexts for a Supervisor in your kubeconfig, nor in " + filepath.Join(w.Dir, ".config", "tanzu") + " or ").Omits("CONTEXT")
}

// A login that fails has its own exit code. One of several makes it 5, and the others are done.
func TestFailures(t *testing.T) {
	w, s := clitest.Site(t)
	clitest.SignedIn(t, w, s, "--kubeconfig", filepath.Join(w.Dir, "elsewhere"))
	w.WriteFile("kubeconfig", plugin, 0o600)
	w.Run("migrate").Exits(failure.Usage).Says("set KUBECTL_VSPHERE_PASSWORD", "kubectl vsphere login --server 10.0.0.1 -u dev@vsphere.local", "Type \"kubectl vsphere login --help\" for the flags.")
	two := w.Supervisor("10.0.0.2", &consoletest.Namespace{Name: "ns9"})
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Run("login", "--server", "10.0.0.2", "-u", consoletest.User, "--certificate-authority", w.CAFile, "--kubeconfig", filepath.Join(w.Dir, "elsewhere")).Exits(0)
	w.WriteFile(".config/vcf/config.yaml", "contexts: [{name: two, clusterOpts: {endpoint: 10.0.0.2}}]", 0o600)
	two.Next("GET /wcp/loginbanner", consoletest.Status(502, "bad gateway"))
	w.Run("migrate").Exits(failure.Partial).Says("Logged in successfully", "502")
	two.Next("GET /wcp/loginbanner", consoletest.Status(502, "bad gateway"))
	w.Run("migrate").Exits(failure.Server).Says("502").Omits("Logged in successfully")
	w.WriteFile(".config/vcf/config.yaml", "contexts: [{name: two, clusterOpts: {endpoint: 10.0.0.2}}, 7]", 0o600)
	w.Run("migrate").Exits(failure.Partial).Says("1 of its contexts are left out", "Logged in successfully")
	w.Run("migrate").Exits(failure.Partial).Says("1 of its contexts are left out", "You have contexts of your own for all of them.")
	w.Run("migrate", "--dry-run", "x").Exits(failure.Usage)
	w.Run("migrate", "-o", "wide").Exits(failure.Usage).Says("want name, json or yaml")
	w.WriteFile("kubeconfig", "[", 0o600)
	w.Run("migrate").Exits(failure.Failed).Says("kubeconfig")
}

// -o json and -o name are for programs.
func TestFormats(t *testing.T) {
	w, _ := clitest.Site(t)
	w.WriteFile("kubeconfig", plugin, 0o600)
	if got := w.Run("migrate", "-o", "name").Exits(failure.OK).Out; got != "10.0.0.1\nns1\ntkc1\n" {
		t.Errorf("%q", got)
	}
	var got struct {
		Contexts []map[string]string
		Logins   []struct {
			Server, User, Command string
			Session               bool
		}
	}
	r := w.Run("migrate", "-o", "json").Exits(failure.OK).Omits("their-token")
	if err := json.Unmarshal([]byte(r.Out), &got); err != nil || r.Err != "" {
		t.Fatal(err, r.Err)
	}
	want := map[string]string{"name": "ns1", "tool": "VMware's plugin", "server": "10.0.0.1", "apiServer": "10.0.0.1:6443", "user": consoletest.User, "namespace": "ns1"}
	if diff := cmp.Diff(want, got.Contexts[1]); diff != "" || len(got.Logins) != 1 || got.Logins[0].Command != "kubectl vsphere login --server 10.0.0.1 -u dev@vsphere.local" {
		t.Error(diff, got.Logins)
	}
	w.WriteFile("kubeconfig", "", 0o600)
	if got := w.Run("migrate", "-o", "json").Exits(failure.OK).Out; got != "{\n  \"contexts\": [],\n  \"logins\": []\n}\n" {
		t.Errorf("%q", got)
	}
	if r := w.Run("migrate", "-o", "name").Exits(failure.OK); r.Out+r.Err != "" {
		t.Errorf("%q", r.Out+r.Err)
	}
}

// Names of others are shown without what a terminal obeys, and commands are quoted.
func TestHostileNames(t *testing.T) {
	w, _ := clitest.Site(t)
	w.WriteFile("kubeconfig", `{"apiVersion":"v1","kind":"Config","clusters":[{"name":"c","cluster":{"server":"https://10.0.0.1:6443"}}],
"contexts":[{"name":"\u001b[2J\u202ea\nb","context":{"cluster":"c","user":"wcp:10.0.0.1:$(touch x)'","namespace":"\u001b]0;x\u0007"}}],
"users":[{"name":"wcp:10.0.0.1:$(touch x)'","user":{"token":"their-token"}}]}`, 0o600)
	w.WriteFile(".config/vcf/config.yaml", `contexts: [{name: "\e[2J\u202e", clusterOpts: {endpoint: "10.0.0.1\e[2J"}}]`, 0o600)
	for _, args := range [][]string{{"migrate"}, {"migrate", "-o", "name"}, {"migrate", "-o", "json"}, {"migrate", "-o", "yaml"}} {
		r := w.Run(args...).Exits(failure.OK).Omits("\x1b", "\u202e", "\a", "their-token")
		if len(args) == 1 {
			r.Says(`kubectl vsphere login --server 10.0.0.1 -u '$(touch x)'\'''`)
		}
	}
}

// A file with thousands of contexts does not scroll what to type away.
func TestLarge(t *testing.T) {
	w, _ := clitest.Site(t)
	var contexts, users strings.Builder
	for i := range 3000 {
		host := fmt.Sprintf("10.%d.%d.9", i/250, i%250)
		fmt.Fprintf(&contexts, "- {name: %s, context: {cluster: c, user: \"wcp:%s:u\"}}\n", host, host)
		fmt.Fprintf(&users, "- {name: \"wcp:%s:u\", user: {token: t}}\n", host)
	}
	w.WriteFile("kubeconfig", "apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: \"https://10.0.0.1:6443\"}}]\ncontexts:\n"+contexts.String()+"users:\n"+users.String(), 0o600)
	r := w.Run("migrate", "--dry-run").Exits(failure.OK).Says("there are 2980 more; to see all, type: kubectl vsphere migrate -o json")
	if n, typed := strings.Count(r.Out, "\n"), strings.Count(r.Err, "kubectl vsphere login"); n != 3001 || typed != maxCommands {
		t.Errorf("%d lines, %d commands", n, typed)
	}
}

const maxCommands = 20
