package argocmd_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest/objecttest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

const (
	token     = "hush-hush-token"
	tokenPath = "/api/v1/namespaces/kube-system/serviceaccounts/argocd-manager/token"
	rbac      = "rbac.authorization.k8s.io"
)

// secret is what Argo CD reads.
type secret struct {
	Kind     string
	Metadata struct {
		Name, Namespace string
		Labels          map[string]string
	}
	StringData map[string]string `yaml:"stringData"`
}

// config is the field of a Secret.
type config struct {
	BearerToken        string
	ExecProviderConfig *struct {
		APIVersion, Command string
		Args                []string
		Env                 map[string]string
	}
	TLSClientConfig struct{ CAData []byte }
}

// site is a world whose cluster tkc1 has roles, and gives tokens.
func site(t *testing.T) (*consoletest.World, *consoletest.Cluster, *objecttest.Server) {
	t.Helper()
	w, s := clitest.Site(t)
	clitest.SignedIn(t, w, s)
	c := s.Namespaces[0].Clusters[0]
	held := objecttest.New(t)
	held.Hold(objecttest.Holding{Version: "v1", Plural: "serviceaccounts", Kind: "ServiceAccount"})
	held.Hold(objecttest.Holding{Group: rbac, Version: "v1", Plural: "clusterroles", Kind: "ClusterRole", Objects: []string{`{"metadata":{"name":"cluster-admin"}}`}, Everywhere: true})
	held.Hold(objecttest.Holding{Group: rbac, Version: "v1", Plural: "clusterrolebindings", Kind: "ClusterRoleBinding", Everywhere: true})
	held.Hold(objecttest.Holding{Group: rbac, Version: "v1", Plural: "rolebindings", Kind: "RoleBinding"})
	answer := func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
			t.Errorf("%s without a token", r.URL)
		}
		if !held.Answer(w, r, strings.Split(strings.Trim(r.URL.Path, "/"), "/")) {
			t.Errorf("unexpected %s %s", r.Method, r.URL)
		}
	}
	const all, role = "/apis/" + rbac, "/apis/" + rbac + "/v1"
	for _, name := range []string{
		"GET " + all, "GET " + role, "GET " + role + "/clusterroles/cluster-admin", "GET " + role + "/clusterroles/typo", "POST " + role + "/clusterrolebindings",
		"GET " + role + "/clusterrolebindings/argocd-manager-cluster-admin", "POST " + role + "/namespaces/a/rolebindings", "POST " + role + "/namespaces/b/rolebindings",
		"POST /api/v1/namespaces/kube-system/serviceaccounts",
	} {
		c.Replies[name] = answer
	}
	c.Replies["GET /api/v1"] = consoletest.Reply(`{"kind":"APIResourceList","resources":[{"name":"serviceaccounts"}]}`)
	c.Replies["POST "+tokenPath] = gives(t, w, token, 24*time.Hour)
	t.Chdir(w.Dir)
	return w, c, held
}

// gives answers a request for a token.
func gives(t *testing.T, w *consoletest.World, token string, life time.Duration) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		var asked struct {
			APIVersion, Kind string
			Spec             struct{ ExpirationSeconds int64 }
		}
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || asked.Kind != "TokenRequest" || asked.Spec.ExpirationSeconds < 600 {
			t.Errorf("%+v %v", asked, err)
		}
		objecttest.WriteJSON(rw, http.StatusCreated, map[string]any{"status": map[string]any{"token": token, "expirationTimestamp": w.Now().Add(life).UTC().Format(time.RFC3339)}})
	}
}

// read reads a Secret as Argo CD does.
func read(t *testing.T, text string) (s secret, c config) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(text), &s); err != nil || s.Kind != "Secret" || s.Metadata.Labels["argocd.argoproj.io/secret-type"] != "cluster" {
		t.Fatalf("%v: %s", err, text)
	}
	if err := json.Unmarshal([]byte(s.StringData["config"]), &c); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return s, c
}

// The Secret of a program holds no credential, and runs get-token as the context does.
func TestExec(t *testing.T) {
	w, c, _ := site(t)
	r := w.Run("cluster", "register-argocd", "tkc1").Exits(failure.OK).Says("Argo CD runs kubectl-vsphere for each token", "--exec-home", "kubectl vsphere login --server 10.0.0.1 -u dev@vsphere.local")
	s, config := read(t, r.Out)
	run := config.ExecProviderConfig
	if got := fmt.Sprint(s.Metadata.Name, s.Metadata.Namespace, len(s.StringData), s.StringData["name"], s.StringData["server"]); got != "cluster-tkc1 argocd 3 tkc1 https://10.0.0.11:6443" &&
		got != "cluster-tkc1argocd3tkc1https://10.0.0.11:6443" {
		t.Error(got)
	}
	if got := strings.Join(append([]string{run.APIVersion, run.Command}, run.Args...), " "); got !=
		"client.authentication.k8s.io/v1beta1 kubectl-vsphere get-token --server 10.0.0.1 --user dev@vsphere.local --cluster ns1/tkc1" {
		t.Error(got)
	}
	if string(config.TLSClientConfig.CAData) != c.CA.PEM || config.BearerToken != "" || run.Env["KUBECTL_VSPHERE_INTERACTIVE"] != "never" || strings.Contains(r.Out, "eyJ") {
		t.Error(r.Out)
	}
	if n := c.Count("POST " + tokenPath); n != 0 {
		t.Errorf("%d tokens", n)
	}
	r = w.Run("cluster", "register-argocd", "ns1/tkc1", "--name", "shop", "--argocd-namespace", "gitops", "--label", "env=prod,example.com/tier=1", "--manage-namespaces", "a,b", "--cluster-resources",
		"--project", "team-a", "--exec-command", "/opt/kubectl-vsphere", "--exec-home", "/vsphere", "--output", "shop.yaml").Exits(failure.OK).Says("Wrote shop.yaml.", "kubectl apply -f shop.yaml")
	s, config = read(t, file(t, "shop.yaml"))
	want := map[string]string{"name": "shop", "namespaces": "a,b", "clusterResources": "true", "project": "team-a"}
	for name, value := range want {
		if s.StringData[name] != value {
			t.Errorf("%s: %q", name, s.StringData[name])
		}
	}
	if run := config.ExecProviderConfig; s.Metadata.Name != "cluster-shop" || s.Metadata.Namespace != "gitops" || s.Metadata.Labels["env"] != "prod" || s.Metadata.Labels["example.com/tier"] != "1" ||
		run.Command != "/opt/kubectl-vsphere" || run.Env["KUBECTL_VSPHERE_HOME"] != "/vsphere" {
		t.Errorf("%+v %+v", s, run)
	}
	if r.Out != "Wrote shop.yaml.\n" {
		t.Errorf("%q", r.Out)
	}
}

// file returns a file that only the user may read.
func file(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(name); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("%s: %v %v", name, info.Mode(), err)
	}
	return string(text)
}

// A token goes to a private file, and is shown only if asked for. Nothing is made in the cluster unless told.
func TestToken(t *testing.T) {
	w, c, held := site(t)
	w.Run("cluster", "register-argocd", "tkc1", "--auth", "token").Exits(failure.OK).Says("Wrote argocd-tkc1.yaml.", "The token is valid until ", "(in 24h)").Omits(token, "Made the")
	if _, config := read(t, file(t, "argocd-tkc1.yaml")); config.BearerToken != token || config.ExecProviderConfig != nil || string(config.TLSClientConfig.CAData) != c.CA.PEM {
		t.Errorf("%+v", config)
	}
	w.Run("cluster", "register-argocd", "tkc1", "--auth", "token").Exits(failure.Failed).Says("argocd-tkc1.yaml exists", "--force")
	r := w.Run("cluster", "register-argocd", "tkc1", "--auth", "token", "--output", "-", "-v", "9").Exits(failure.OK)
	if _, config := read(t, r.Out); config.BearerToken != token || strings.Contains(r.Err, token) {
		t.Errorf("%q %q", r.Out, r.Err)
	}
	c.Replies["POST "+tokenPath] = gives(t, w, token, time.Hour)
	w.Run("cluster", "register-argocd", "tkc1", "--auth", "token", "--force").Exits(failure.OK).Says("note: the cluster gives tokens for less than 24h", "(in 60m)")
	for _, bad := range []http.HandlerFunc{gives(t, w, "a\r\nb", time.Hour), gives(t, w, "", time.Hour), gives(t, w, token, -time.Hour), consoletest.Reply(`{"status":[]}`), consoletest.Reply(`{`)} {
		c.Replies["POST "+tokenPath] = bad
		w.Run("cluster", "register-argocd", "tkc1", "--auth", "token", "--output", "bad").Exits(failure.Server).Omits(token)
	}
	c.Replies["POST "+tokenPath] = consoletest.Status(http.StatusNotFound, "no such account")
	w.Run("cluster", "register-argocd", "tkc1", "--auth", "token", "--output", "bad").Exits(failure.Server).Says("has no ServiceAccount kube-system/argocd-manager", "--create --role NAME")
	c.Replies["POST "+tokenPath] = consoletest.Status(http.StatusForbidden, "no")
	w.Run("cluster", "register-argocd", "tkc1", "--auth", "token", "--output", "bad").Exits(failure.Refused).Says("you may not make a token", "cluster-admin")
	if _, err := os.Lstat("bad"); err == nil {
		t.Error("a file without a token")
	}
	if n := len(held.Objects("serviceaccounts")); n != 0 {
		t.Errorf("%d accounts were made", n)
	}
}

// With --create, a person says yes; each thing that is made is named with what removes it; what is there stays.
func TestCreate(t *testing.T) {
	w, c, held := site(t)
	line := []string{"cluster", "register-argocd", "tkc1", "--auth", "token", "--create", "--role", "cluster-admin"}
	w.Nobody()
	w.Run(line...).Exits(failure.Usage).Says("with --yes, nobody is asked")
	w.Run(append(line, "--dry-run")...).Exits(failure.OK).Says("Would make the ServiceAccount kube-system/argocd-manager.\nWould make the ClusterRoleBinding argocd-manager-cluster-admin.\n")
	for keys, code := range map[string]int{"n": failure.Failed, consoletest.Interrupt: failure.Interrupted} {
		w.Person(consoletest.Answer{To: "Let the ServiceAccount kube-system/argocd-manager do what the ClusterRole cluster-admin may, everywhere in ns1/tkc1? [y/N]", Keys: keys})
		w.Run(line...).Exits(code)
	}
	if n := len(held.Objects("serviceaccounts")) + len(held.Objects("clusterrolebindings")) + c.Count("POST "+tokenPath); n != 0 {
		t.Fatalf("%d things were made", n)
	}
	w.Nobody()
	line = append(line, "--yes")
	made := "Made the ServiceAccount kube-system/argocd-manager. To remove it, type: kubectl --context tkc1 delete serviceaccounts argocd-manager -n kube-system"
	bound := "Made the ClusterRoleBinding argocd-manager-cluster-admin. To remove it, type: kubectl --context tkc1 delete clusterrolebindings.rbac.authorization.k8s.io argocd-manager-cluster-admin"
	w.Run(append(line, "--role", "typo")...).Exits(failure.Failed).Says(`the cluster has no ClusterRole "typo"`, "kubectl --context tkc1 get clusterroles")
	w.Run(line...).Exits(failure.OK).Says(made, bound, "Wrote argocd-tkc1.yaml.").Omits(token)
	if all := held.Objects("clusterrolebindings"); len(all) != 1 || !strings.Contains(all[0], `"subjects":[{"kind":"ServiceAccount","name":"argocd-manager","namespace":"kube-system"}]`) {
		t.Error(all)
	}
	w.Run(append(line, "--force")...).Exits(failure.OK).Says("The ServiceAccount kube-system/argocd-manager is there already.", "The ClusterRoleBinding argocd-manager-cluster-admin is there already.")
	held.Hold(objecttest.Holding{Group: rbac, Version: "v1", Plural: "clusterrolebindings", Kind: "ClusterRoleBinding", Everywhere: true, Objects: []string{
		`{"metadata":{"name":"argocd-manager-cluster-admin"},"roleRef":{"kind":"ClusterRole","name":"cluster-admin"},"subjects":[{"kind":"ServiceAccount","namespace":"kube-system","name":"argocd-manager"},{"kind":"Group","name":"all"}]}`,
	}})
	w.Run(append(line, "--force")...).Exits(failure.Failed).Says("the ClusterRoleBinding argocd-manager-cluster-admin is there already, and binds something else")
	w.Run(append(line, "--force", "--manage-namespaces", "a,b")...).Exits(failure.OK).Says("Made the RoleBinding a/argocd-manager-cluster-admin", "delete rolebindings.rbac.authorization.k8s.io argocd-manager-cluster-admin -n b")
	held.Hold(objecttest.Holding{Version: "v1", Plural: "serviceaccounts", Kind: "ServiceAccount", ReadOnly: true})
	w.Run(append(line, "--force")...).Exits(failure.Refused).Says("you may not make the ServiceAccount kube-system/argocd-manager in ns1/tkc1", "The ClusterRole cluster-admin of the cluster may.")
}

// Argo CD is not sent a way that is not safe, or that it cannot go.
func TestContexts(t *testing.T) {
	w, _, _ := site(t)
	good := w.ReadKubeconfig()
	run := func(more ...string) consoletest.Result {
		return w.Run(append([]string{"cluster", "register-argocd", "tkc1"}, more...)...)
	}
	run("-n", "ns2").Exits(failure.Failed).Says(`no context of your kubeconfig leads to a cluster "tkc1"`, "kubectl vsphere login --server 10.0.0.1 -u dev@vsphere.local --workload-clusters ns2/tkc1")
	run("--context", "ns1").Exits(failure.Failed).Says(`the context "ns1" does not lead to a cluster "tkc1"`)
	kubeconfig := w.Kubeconfig()
	const at = "    server: https://10.0.0.11:6443\n"
	ca := regexp.MustCompile(`    certificate-authority-data: \S+\n` + at).FindString(good)
	put := func(cluster string) {
		t.Helper()
		text := strings.Replace(good, ca, cluster, 1)
		if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil || ca == "" || text == good {
			t.Fatal(err, good)
		}
	}
	for bad, want := range map[string]string{
		ca + "    proxy-url: http://proxy:3128\n":          "goes by a proxy",
		at + "    insecure-skip-tls-verify: true\n":        "does not verify the server",
		"    server: http://10.0.0.11:6443\n":              "",
		"    certificate-authority-data: \"\"\n    x: y\n": "",
	} {
		put(bad)
		if r := run().Exits(failure.Failed).Says(want); r.Out != "" {
			t.Error(r.Out)
		}
	}
	put(at)
	r := run().Exits(failure.OK).Says("note: the context tkc1 has no CA")
	if _, config := read(t, r.Out); config.TLSClientConfig.CAData != nil {
		t.Error(r.Out)
	}
}

func TestUsage(t *testing.T) {
	w, _, _ := site(t)
	long := strings.Repeat("a", 64)
	for line, want := range map[string]string{
		"":                                 "which cluster? Type its name",
		"a b":                              "one word too many",
		"../x":                             "is not a name",
		"tkc1 --auth x":                    "neither exec nor token",
		"tkc1 --auth token --exec-home /x": "--exec-home is for --auth exec",
		"tkc1 --create":                    "--create is for --auth token",
		"tkc1 --exec-home x":               "is no absolute path",
		"tkc1 --exec-command x":            "--exec-command",
		"tkc1 --name " + long:              "--name",
		"tkc1 --name A":                    "--name",
		"tkc1 --label a=" + long:           "at most 63 letters",
		"tkc1 --label " + long + "=a":      "is not a name of a label",
		"tkc1 --label =a":                  "is not a name of a label",
		"tkc1 --label argocd.argoproj.io/secret-type=x": "is there already",
		"tkc1 --cluster-resources":                      "is for --manage-namespaces",
		"tkc1 --manage-namespaces a,B":                  "is not a name of a namespace",
		"tkc1 --project A/b":                            "is not a name of a project",
		"tkc1 --argocd-namespace x/y":                   "is not a name of a namespace",
		"tkc1 --auth token --duration 9m":               "10m to 8760h",
		"tkc1 --auth token --duration 9000h":            "10m to 8760h",
		"tkc1 --auth token --create":                    "which rights?",
		"tkc1 --auth token --role x":                    "are for --create",
		"tkc1 --auth token --create --role a/b":         "is not a name of a ClusterRole",
		"tkc1 --auth token --service-account x":         "is not NAMESPACE/NAME",
		"tkc1 --output=":                                "the name of the file is missing",
	} {
		w.Run(append([]string{"cluster", "register-argocd"}, strings.Fields(line)...)...).Exits(failure.Usage).Says(want)
	}
	w.Run("__complete", "cluster", "register-argocd", "tkc1", "--auth", "").Says("exec\ntoken\n")
}
