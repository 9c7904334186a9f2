package logincmd_test

import (
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/safetext"
)

// kubeconfig is the user's kubeconfig as client-go reads it.
func kubeconfig(t *testing.T, w *consoletest.World) *api.Config {
	t.Helper()
	cfg, err := clientcmd.Load([]byte(w.ReadKubeconfig()))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// wantContexts are the names of all contexts of the kubeconfig.
func wantContexts(t *testing.T, w *consoletest.World, names ...string) {
	t.Helper()
	var got []string
	for name := range kubeconfig(t, w).Contexts {
		got = append(got, name)
	}
	slices.Sort(got)
	slices.Sort(names)
	if !slices.Equal(got, names) {
		t.Errorf("the contexts are %q, not %q", got, names)
	}
}

// tokenFree fails the test when the kubeconfig holds a token.
func tokenFree(t *testing.T, text string) {
	t.Helper()
	if strings.Contains(text, "c2ln") {
		t.Errorf("it holds a token:\n%s", text)
	}
}

func TestContexts(t *testing.T) {
	w, _ := site(t)
	given(w)
	w.Run(signIn(w)...).Exits(0)
	wantContexts(t, w, "10.0.0.1", "ns1", "ns2", "tkc1", "tkc2")
	tokenFree(t, w.ReadKubeconfig())
	cfg := kubeconfig(t, w)
	if c := cfg.Contexts["ns1"]; c.Namespace != "ns1" || cfg.Clusters[c.Cluster].Server != "https://10.0.0.1:6443" || cfg.AuthInfos[c.AuthInfo].Exec.Command != "kubectl-vsphere" {
		t.Errorf("ns1 is %+v", c)
	}
	if c := cfg.Contexts["tkc1"]; cfg.Clusters[c.Cluster].Server != "https://10.0.0.11:6443" || !slices.Contains(cfg.AuthInfos[c.AuthInfo].Exec.Args, "ns1/tkc1") {
		t.Errorf("tkc1 is %+v", c)
	}
	if cfg.CurrentContext != "10.0.0.1" {
		t.Errorf("the current context is %s", cfg.CurrentContext)
	}
}

// Another kubectl-vsphere on PATH would be asked for tokens: then the whole path is written, and said.
func TestProgramIsNotOnPath(t *testing.T) {
	w, _ := site(t)
	given(w)
	w.Programs["kubectl-vsphere"] = w.WriteFile("vmware/kubectl-vsphere", "", 0o755)
	w.Run(signIn(w)...).Exits(0).Says("PATH", w.Dir+"/bin/kubectl-vsphere")
	if text := w.ReadKubeconfig(); !strings.Contains(text, "command: "+w.Dir+"/bin/kubectl-vsphere") {
		t.Error(text)
	}
}

func TestCurrentContext(t *testing.T) {
	w, _ := site(t)
	given(w)
	w.Run(signIn(w, "--tanzu-kubernetes-cluster-name", "tkc2")...).Exits(0)
	if got := kubeconfig(t, w).CurrentContext; got != "tkc2" {
		t.Errorf("the current context is %s", got)
	}
	wantContexts(t, w, "10.0.0.1", "ns1", "ns2", "tkc2")
	w.Run(signIn(w, "--tanzu-kubernetes-cluster-name", "tkc1", "--keep-context")...).Exits(0)
	if got := kubeconfig(t, w).CurrentContext; got != "tkc2" {
		t.Errorf("the current context is %s", got)
	}
}

func TestSelections(t *testing.T) {
	for selection, want := range map[string][]string{
		"all": {"tkc1", "tkc2"}, "none": nil, "tkc2": {"tkc2"}, "ns1/tkc1": {"tkc1"}, "ns1/tkc1,tkc1": {"tkc1"},
	} {
		w, s := site(t)
		given(w)
		w.Run(signIn(w, "--workload-clusters", selection)...).Exits(0)
		wantContexts(t, w, append([]string{"10.0.0.1", "ns1", "ns2"}, want...)...)
		for _, name := range []string{"tkc1", "tkc2"} {
			if n := s.Count("POST /wcp/login ns1/" + name); (n > 0) != slices.Contains(want, name) {
				t.Errorf("%s: %d logins to %s", selection, n, name)
			}
		}
	}
}

// What is not there, and what is there twice, is done without; the rest is kept.
func TestUnknownAndAmbiguousClusters(t *testing.T) {
	w, s := site(t)
	given(w)
	w.Run(signIn(w, "--workload-clusters", "tkc1,tkc9")...).Exits(5).Says("tkc9", "ns1/tkc1").Says("   tkc1\n")
	s.Namespaces[1].Clusters = []*consoletest.Cluster{w.Cluster("tkc1", "10.0.0.21")}
	w.Run(signIn(w, "--workload-clusters", "tkc1")...).Exits(5).Says("--tanzu-kubernetes-cluster-namespace")
	w.Run(signIn(w, "--tanzu-kubernetes-cluster-name", "tkc1", "--tanzu-kubernetes-cluster-namespace", "ns2")...).Exits(0)
}

func TestContextPrefix(t *testing.T) {
	w, _ := site(t)
	given(w)
	w.Run(signIn(w, "--context-prefix", "lab-", "--workload-clusters", "none")...).Exits(0)
	wantContexts(t, w, "lab-10.0.0.1", "lab-ns1", "lab-ns2")
}

// A name that is somebody else's stays as it is.
func TestTakenName(t *testing.T) {
	w, _ := site(t)
	given(w)
	w.WriteFile("kubeconfig", "apiVersion: v1\nkind: Config\ncontexts:\n- name: ns1 # mine\n  context: {cluster: c, user: u}\n", 0o600)
	w.Run(signIn(w, "--workload-clusters", "none")...).Exits(0)
	wantContexts(t, w, "10.0.0.1", "ns1", "ns1-10.0.0.1", "ns2")
	if !strings.Contains(w.ReadKubeconfig(), "- name: ns1 # mine\n") {
		t.Error("the entry of somebody else was changed")
	}
}

func TestStaticTokens(t *testing.T) {
	w, _ := site(t)
	given(w)
	w.Run(signIn(w, "--static-tokens")...).Exits(0)
	cfg := kubeconfig(t, w)
	if u := cfg.AuthInfos[cfg.Contexts["tkc1"].AuthInfo]; u.Token == "" || u.Exec != nil {
		t.Errorf("the user of tkc1 is %+v", u)
	}
	w.Run("login").Exits(0)
	if cfg := kubeconfig(t, w); cfg.AuthInfos[cfg.Contexts["tkc1"].AuthInfo].Token == "" {
		t.Error("static tokens are not repeated")
	}
	w.Run("login", "--static-tokens=false").Exits(0)
	tokenFree(t, w.ReadKubeconfig())
}

// A kubeconfig for one job goes to standard output, whole, and no file is written.
func TestKubeconfigOnStandardOutput(t *testing.T) {
	w, _ := site(t)
	given(w)
	r := w.Run(signIn(w, "--kubeconfig", "-", "--tanzu-kubernetes-cluster-name", "tkc1")...).Exits(0)
	cfg, err := clientcmd.Load([]byte(r.Out))
	if err != nil || cfg.CurrentContext != "tkc1" || cfg.AuthInfos[cfg.Contexts["tkc1"].AuthInfo].Token == "" {
		t.Errorf("%v: %s", err, r.Out)
	}
	if w.ReadKubeconfig() != "" {
		t.Error("a kubeconfig was written")
	}
	// It is for a program: an odd name stays the same name, and a terminal shows an escape.
	const odd = "de\u202ev\u200b-"
	r = w.Run(signIn(w, "--kubeconfig", "-", "--context-prefix", odd)...).Exits(0)
	cfg, err = clientcmd.Load([]byte(r.Out))
	if err != nil || !safetext.IsText([]byte(r.Out)) || !slices.ContainsFunc(slices.Collect(maps.Keys(cfg.Contexts)), func(name string) bool { return strings.Contains(name, odd) }) {
		t.Errorf("%v: %s", err, r.Out)
	}
}

func TestNamedKubeconfig(t *testing.T) {
	w, _ := site(t)
	given(w)
	path := w.Dir + "/other"
	w.Run(signIn(w, "--kubeconfig", path)...).Exits(0)
	if text, err := os.ReadFile(path); err != nil || w.ReadKubeconfig() != "" || !strings.Contains(string(text), "tkc1") {
		t.Errorf("%v: %s", err, text)
	}
}

// A kubeconfig that cannot be changed is found before the password is asked for.
func TestBrokenKubeconfig(t *testing.T) {
	w, s := site(t)
	given(w)
	wide := func(text string) string { // UTF-16 with a byte order mark.
		return "\xff\xfe" + strings.Join(strings.Split(text, ""), "\x00") + "\x00"
	}
	for text, says := range map[string]string{
		"contexts: [": "repair it",
		wide("kind: Config\nusers:\n- name: u\n  user: {}\n"): "save it as UTF-8",
		wide(`{"kind": "Config"}`):                            "save it as UTF-8",
	} {
		w.WriteFile("kubeconfig", text, 0o600)
		w.Run(signIn(w)...).Exits(1).Says(w.Kubeconfig(), says)
		if w.ReadKubeconfig() != text {
			t.Errorf("%q changed", text)
		}
	}
	if n := s.Count(proof); n > 0 {
		t.Error("a password was sent")
	}
}

func TestDryRun(t *testing.T) {
	w, _ := site(t)
	given(w)
	const before = "apiVersion: v1\nkind: Config\nusers:\n- name: me\n  user: {token: hush-hush}\n"
	w.WriteFile("kubeconfig", before, 0o600)
	r := w.Run(signIn(w, "--dry-run", "--static-tokens")...).Exits(0).Says("+++ "+w.Kubeconfig()+" (planned)", "+  name: tkc1\n").Omits("hush-hush")
	tokenFree(t, r.Out)
	r = w.Run(signIn(w, "--dry-run", "-o", "yaml")...).Exits(0).Omits("hush-hush")
	if cfg, err := clientcmd.Load([]byte(r.Out)); err != nil || cfg.Contexts["tkc2"] == nil {
		t.Errorf("%v: %s", err, r.Out)
	}
	if sessions, _ := w.Store().Sessions(); w.ReadKubeconfig() != before || len(sessions) > 0 {
		t.Error("something was kept")
	}
}

// What is gone is named, and removed with --prune only.
func TestPrune(t *testing.T) {
	w, s := site(t)
	given(w)
	w.Run(signIn(w)...).Exits(0)
	s.Namespaces[0].Clusters = s.Namespaces[0].Clusters[:1]
	s.Namespaces = s.Namespaces[:1]
	w.Run(signIn(w)...).Exits(0).Says("tkc2", "ns2", "--prune removes the context")
	wantContexts(t, w, "10.0.0.1", "ns1", "ns2", "tkc1", "tkc2")
	w.Run(signIn(w, "--prune")...).Exits(0).Says("tkc2 is removed", "ns2 is removed")
	wantContexts(t, w, "10.0.0.1", "ns1", "tkc1")
}

// While a part fails, nothing is taken for gone.
func TestPruneKeepsWhatFailed(t *testing.T) {
	w, s := site(t)
	given(w)
	w.Run(signIn(w)...).Exits(0)
	s.Replies["POST /wcp/login ns1/tkc2"] = consoletest.Status(http.StatusBadGateway, "")
	s.Namespaces = s.Namespaces[:1]
	w.Run(signIn(w, "--prune")...).Exits(5).Says("ns1/tkc2: ")
	wantContexts(t, w, "10.0.0.1", "ns1", "ns2", "tkc1", "tkc2")
}
