package contexts_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/command"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/contexts"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// The bare name is written only where PATH finds this very file.
func TestTheCommandOfContexts(t *testing.T) {
	w := consoletest.New(t)
	own, _ := w.Env().Executable()
	for name, tc := range map[string]struct {
		change func(e *console.Env)
		want   string
	}{
		"on PATH":          {func(*console.Env) {}, "kubectl-vsphere"},
		"by a link":        {func(e *console.Env) { e.LookPath = finds(link(t, w, own)) }, "kubectl-vsphere"},
		"not on PATH":      {func(e *console.Env) { e.LookPath = func(string) (string, error) { return "", os.ErrNotExist } }, own},
		"another one":      {func(e *console.Env) { e.LookPath = finds(w.WriteFile("vmware/kubectl-vsphere", "", 0o755)) }, own},
		"a name that lies": {func(e *console.Env) { e.LookPath = finds("/nonexistent") }, own},
		"nobody knows":     {func(e *console.Env) { e.Executable = func() (string, error) { return "", errors.New("no /proc") } }, "kubectl-vsphere"},
	} {
		e := w.Env()
		tc.change(e)
		if got, absolute := contexts.ExecCommand(e); got != tc.want || absolute != (tc.want == own) {
			t.Errorf("%s: %s, %t", name, got, absolute)
		}
	}
}

func finds(path string) func(string) (string, error) {
	return func(string) (string, error) { return path, nil }
}

func link(t *testing.T, w *consoletest.World, to string) string {
	t.Helper()
	path := w.Dir + "/link"
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// What a login found decides which contexts of its session lead nowhere.
func TestVanished(t *testing.T) {
	w, s := clitest.Site(t)
	clitest.SignedIn(t, w, s)
	host := login.Host{Address: supervisor.Address{Host: clitest.Server}, Credential: tokens.Credential{Key: tokens.Key{Server: clitest.Server, User: consoletest.User}}}
	ns1 := login.Namespace{Name: "ns1", Host: host}
	tkc1 := login.Cluster{Namespace: "ns1", Name: "tkc1", Server: "10.0.0.11", Credential: tokens.Credential{
		Key: tokens.Key{Server: clitest.Server, User: consoletest.User, Cluster: "ns1/tkc1"},
	}}
	one, err := login.ParseSelection("ns1/tkc1")
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		res      login.Result
		clusters login.Selection
		want     []string
	}{
		"everything is looked for":  {login.Result{Namespaces: []login.Namespace{ns1}, Clusters: []login.Cluster{tkc1}}, login.Selection{}, []string{"ns2", "tkc2"}},
		"a part failed":             {login.Result{Failures: []login.Failure{{What: "x"}}}, login.Selection{}, nil},
		"one cluster is looked for": {login.Result{Namespaces: []login.Namespace{ns1}, Clusters: []login.Cluster{tkc1}}, one, []string{"ns2"}},
		"namespaces are hidden":     {login.Result{NamespacesHidden: true, Namespaces: []login.Namespace{ns1}, Clusters: []login.Cluster{tkc1}}, login.Selection{}, []string{"tkc2"}},
		"hidden, and not looked at": {login.Result{NamespacesHidden: true}, login.Selection{}, nil},
		"some are not listed":       {login.Result{Namespaces: []login.Namespace{ns1}, Unlisted: []string{"ns1"}}, login.Selection{}, []string{"ns2"}},
	} {
		tc.res.Hosts = []login.Host{host}
		w.Do(func(ctx context.Context, e *console.Env) {
			_, files, err := command.Open(e)
			if err != nil {
				t.Fatal(err)
			}
			l := contexts.Login{Session: w.Session(), Result: &tc.res, Options: contexts.Options{Server: host.Address, Clusters: tc.clusters}}
			got, err := l.Write(ctx, e, files)
			if diff := cmp.Diff(tc.want, got.Vanished); diff != "" || err != nil {
				t.Errorf("%s: %v %s", name, err, diff)
			}
		})
	}
}

func TestKnownNamespaces(t *testing.T) {
	w, s := clitest.Site(t)
	clitest.SignedIn(t, w, s)
	_, files, err := command.Open(w.Env())
	if err != nil {
		t.Fatal(err)
	}
	got := contexts.Login{Session: w.Session()}.KnownNamespaces(files)
	slices.Sort(got)
	if diff := cmp.Diff([]string{"ns1", "ns2"}, got); diff != "" {
		t.Error(diff)
	}
	if got := (contexts.Login{Session: tokens.Session{Server: clitest.Server, User: "ops"}}).KnownNamespaces(files); got != nil {
		t.Errorf("somebody else knows %q", got)
	}
	w.WriteFile("kubeconfig", "contexts: [", 0o600)
	if got := (contexts.Login{Session: w.Session()}).KnownNamespaces(files); got != nil {
		t.Errorf("a broken kubeconfig knows %q", got)
	}
}
