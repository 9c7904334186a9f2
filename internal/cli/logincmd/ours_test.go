package logincmd_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disk/disktest"
)

// edit changes the kubeconfig as a person or kubectl config does.
func edit(t *testing.T, w *consoletest.World, change func(cfg *api.Config)) {
	t.Helper()
	cfg := kubeconfig(t, w)
	change(cfg)
	text, err := clientcmd.Write(*cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.WriteFile("kubeconfig", string(text), 0o600)
}

// rename is kubectl config rename-context.
func rename(cfg *api.Config, from, to string) {
	cfg.Contexts[to] = cfg.Contexts[from]
	delete(cfg.Contexts, from)
	if cfg.CurrentContext == from {
		cfg.CurrentContext = to
	}
}

// user is the user entry of a context.
func user(cfg *api.Config, context string) *api.AuthInfo {
	return cfg.AuthInfos[cfg.Contexts[context].AuthInfo]
}

// Whatever people do to our entries, the next login makes no second context for the same credential and namespace, the current context
// stays, the token still comes by get-token, and logout leaves nothing.
func TestEditedEntriesStayOurs(t *testing.T) {
	five := []string{"10.0.0.1", "ns1", "ns2", "tkc1", "tkc2"}
	with := func(name string) []string { return append([]string{name}, five[:1]...) }
	for name, c := range map[string]struct {
		edit func(cfg *api.Config)
		want []string // contexts; nil: the usual ones
		keep func(cfg *api.Config) bool
	}{
		"a context is renamed": {
			edit: func(cfg *api.Config) { cfg.CurrentContext = "ns1"; rename(cfg, "ns1", "prod") },
			want: append(with("prod"), "ns2", "tkc1", "tkc2"),
			keep: func(cfg *api.Config) bool { return cfg.CurrentContext == "prod" },
		},
		"the Supervisor's and a cluster's are renamed, and have namespaces": {
			edit: func(cfg *api.Config) {
				rename(cfg, "10.0.0.1", "sup")
				rename(cfg, "tkc1", "apps")
				cfg.Contexts["apps"].Namespace, cfg.CurrentContext = "default", "apps"
			},
			want: []string{"sup", "ns1", "ns2", "apps", "tkc2"},
			keep: func(cfg *api.Config) bool {
				return cfg.CurrentContext == "apps" && cfg.Contexts["apps"].Namespace == "default"
			},
		},
		"two contexts are renamed": {
			edit: func(cfg *api.Config) {
				cfg.CurrentContext = "ns2"
				rename(cfg, "ns1", "prod")
				rename(cfg, "ns2", "test")
			},
			want: append(with("prod"), "test", "tkc1", "tkc2"),
			keep: func(cfg *api.Config) bool {
				return cfg.CurrentContext == "test" && cfg.Contexts["test"].Namespace == "ns2" && cfg.Contexts["prod"].Namespace == "ns1"
			},
		},
		"a context is copied": {
			edit: func(cfg *api.Config) {
				cfg.Contexts["prod"] = cfg.Contexts["ns1"].DeepCopy()
				cfg.CurrentContext = "prod"
			},
			want: append([]string{"prod"}, five...),
			keep: func(cfg *api.Config) bool { return cfg.CurrentContext == "prod" },
		},
		"the Supervisor's context has the namespace of another one": {
			edit: func(cfg *api.Config) { cfg.Contexts["10.0.0.1"].Namespace = "ns1"; delete(cfg.Contexts, "ns1") },
		},
		"users and clusters are renamed": {
			edit: func(cfg *api.Config) {
				for _, context := range []string{"10.0.0.1", "ns1", "ns2"} {
					c := cfg.Contexts[context]
					cfg.Clusters["home"], cfg.AuthInfos["me"] = cfg.Clusters["10.0.0.1"], cfg.AuthInfos["wcp:10.0.0.1:"+consoletest.User]
					c.Cluster, c.AuthInfo = "home", "me"
				}
				delete(cfg.Clusters, "10.0.0.1")
				delete(cfg.AuthInfos, "wcp:10.0.0.1:"+consoletest.User)
			},
			keep: func(cfg *api.Config) bool {
				return len(cfg.AuthInfos) == 3 && len(cfg.Clusters) == 3 && cfg.Contexts["ns1"].Cluster == "home" && cfg.Contexts["ns1"].AuthInfo == "me"
			},
		},
		"one more argument": {
			edit: func(cfg *api.Config) { e := user(cfg, "tkc1").Exec; e.Args = append(e.Args, "--request-timeout", "5s") },
			keep: func(cfg *api.Config) bool { return slices.Contains(user(cfg, "tkc1").Exec.Args, "5s") },
		},
		"an argument that get-token does not know": {
			edit: func(cfg *api.Config) { e := user(cfg, "tkc1").Exec; e.Args = append(e.Args, "--debug") },
			keep: func(cfg *api.Config) bool { return !slices.Contains(user(cfg, "tkc1").Exec.Args, "--debug") },
		},
		"by kubectl": {
			edit: func(cfg *api.Config) {
				e := user(cfg, "tkc1").Exec
				e.Command, e.Args = "kubectl", append([]string{"vsphere"}, e.Args...)
			},
			keep: func(cfg *api.Config) bool { return user(cfg, "tkc1").Exec.Command == "kubectl" },
		},
		"the user entry is deleted": {
			edit: func(cfg *api.Config) {
				delete(cfg.AuthInfos, cfg.Contexts["ns1"].AuthInfo)
				delete(cfg.AuthInfos, cfg.Contexts["tkc1"].AuthInfo)
			},
		},
		"the cluster entry is deleted": {
			edit: func(cfg *api.Config) { delete(cfg.Clusters, "10.0.0.1"); delete(cfg.Clusters, "10.0.0.11") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := site(t)
			given(w)
			w.Programs["kubectl"] = w.WriteFile("bin/kubectl", "", 0o755)
			w.Run(signIn(w)...).Exits(0)
			before := kubeconfig(t, w).CurrentContext
			edit(t, w, c.edit)
			w.Run(signIn(w)...).Exits(0)
			want := c.want
			if want == nil {
				want = five
			}
			wantContexts(t, w, want...)
			cfg := kubeconfig(t, w)
			if c.keep != nil && !c.keep(cfg) || c.keep == nil && cfg.CurrentContext != before {
				t.Errorf("it is %s", w.ReadKubeconfig())
			}
			for _, context := range want {
				if u := user(cfg, context); u == nil || u.Exec == nil || !slices.Contains(u.Exec.Args, "get-token") {
					t.Errorf("%s: %+v", context, u)
				}
			}
			text := w.ReadKubeconfig()
			if w.Run(signIn(w)...).Exits(0); w.ReadKubeconfig() != text {
				t.Error("a further login changes something")
			}
			w.Run("logout").Exits(0)
			wantContexts(t, w)
		})
	}
}

// A logout knows entries that were edited too. What it cannot be sure of stays.
func TestLogoutOfEditedEntries(t *testing.T) {
	w, _ := site(t)
	given(w)
	w.Run(signIn(w)...).Exits(0)
	edit(t, w, func(cfg *api.Config) {
		delete(cfg.AuthInfos, cfg.Contexts["ns1"].AuthInfo)
		delete(cfg.AuthInfos, cfg.Contexts["tkc1"].AuthInfo)
		e := user(cfg, "tkc2").Exec
		e.Command, e.Args = "kubectl", append([]string{"vsphere"}, append(e.Args, "--debug")...)
		cfg.Contexts["mine"] = &api.Context{Cluster: "10.0.0.1", AuthInfo: "gone"}
		cfg.Contexts["other"] = &api.Context{Cluster: "10.0.0.9", AuthInfo: "wcp:10.0.0.9:somebody@else"}
	})
	w.Run("logout", "--server", "10.0.0.1").Exits(0)
	wantContexts(t, w, "mine", "other", "tkc1") // Whose cluster it was is not known.
	w.Run(signIn(w)...).Exits(0)
	edit(t, w, func(cfg *api.Config) { delete(cfg.AuthInfos, cfg.Contexts["tkc1"].AuthInfo) })
	w.Run("logout").Exits(0)
	wantContexts(t, w, "mine", "other")
}

// The prefix is of names that login gives: without it no context is there twice, and only asking for another one renames.
func TestPrefixes(t *testing.T) {
	w, s := site(t)
	given(w)
	my := []string{"my-10.0.0.1", "my-ns1", "my-ns2", "my-tkc1", "my-tkc2"}
	w.Run(signIn(w, "--context-prefix", "my-")...).Exits(0)
	w.Run(signIn(w)...).Exits(0)
	wantContexts(t, w, my...)
	s.Namespaces = append(s.Namespaces, &consoletest.Namespace{Name: "ns3"}) // It is called as the others are.
	w.Run(signIn(w)...).Exits(0)
	wantContexts(t, w, append(my, "my-ns3")...)
	edit(t, w, func(cfg *api.Config) { rename(cfg, "my-ns3", "prod-ns3"); cfg.CurrentContext = "my-ns2" })
	w.Run(signIn(w, "--context-prefix", "my-")...).Exits(0)
	wantContexts(t, w, append(my, "prod-ns3")...)
	w.Run(signIn(w, "--context-prefix", "")...).Exits(0)
	wantContexts(t, w, "10.0.0.1", "ns1", "ns2", "tkc1", "tkc2", "prod-ns3")
	if current := kubeconfig(t, w).CurrentContext; current != "ns2" {
		t.Errorf("the current context is %s", current)
	}
	w.Run("login").Exits(0)
	wantContexts(t, w, "10.0.0.1", "ns1", "ns2", "tkc1", "tkc2", "prod-ns3")
}

// The second account's Supervisor context says whose it is. That of an earlier version keeps its name.
func TestNamesOfASecondAccount(t *testing.T) {
	w, _ := site(t)
	given(w)
	w.Run(signIn(w, "--workload-clusters", "none")...).Exits(0)
	edit(t, w, func(cfg *api.Config) {
		cfg.AuthInfos["other"] = user(cfg, "ns1").DeepCopy()
		cfg.AuthInfos["other"].Exec.Args[4] = "other@vsphere.local"
		for _, c := range cfg.Contexts {
			c.AuthInfo = "other"
		}
	})
	w.Run(signIn(w, "--workload-clusters", "none")...).Exits(0)
	wantContexts(t, w, "10.0.0.1", "10.0.0.1-"+consoletest.User, "ns1", "ns1-10.0.0.1", "ns2", "ns2-10.0.0.1")
	edit(t, w, func(cfg *api.Config) { rename(cfg, "10.0.0.1-"+consoletest.User, "10.0.0.1-10.0.0.1") })
	w.Run(signIn(w, "--workload-clusters", "none")...).Exits(0)
	wantContexts(t, w, "10.0.0.1", "10.0.0.1-10.0.0.1", "ns1", "ns1-10.0.0.1", "ns2", "ns2-10.0.0.1")
}

// What a person set in an exec block stays if it works: a client without your PATH, or an older one, needs it.
func TestExecBlockThatWasEdited(t *testing.T) {
	w, _ := site(t)
	given(w)
	env := w.WriteFile("bin/env", "", 0o755)
	w.Programs["kubectl"] = w.WriteFile("bin/kubectl", "", 0o755)
	for name, c := range map[string]struct {
		edit  func(e *api.ExecConfig)
		stays bool
	}{
		"a path":                 {func(e *api.ExecConfig) { e.Command = w.Self }, true},
		"a path of nothing":      {func(e *api.ExecConfig) { e.Command = "/nonexistent/kubectl-vsphere" }, false},
		"a relative path":        {func(e *api.ExecConfig) { e.Command = "./bin/kubectl-vsphere" }, false},
		"never interactive":      {func(e *api.ExecConfig) { e.InteractiveMode = api.NeverExecInteractiveMode }, true},
		"an older version":       {func(e *api.ExecConfig) { e.APIVersion = "client.authentication.k8s.io/v1beta1" }, true},
		"a version of the past":  {func(e *api.ExecConfig) { e.APIVersion = "client.authentication.k8s.io/v1alpha1" }, false},
		"another hint":           {func(e *api.ExecConfig) { e.InstallHint = "ask ops" }, true},
		"a variable and cluster": {func(e *api.ExecConfig) { e.Env, e.ProvideClusterInfo = []api.ExecEnvVar{{Name: "A", Value: "b"}}, true }, true},
		"by env":                 {func(e *api.ExecConfig) { e.Command, e.Args = env, append([]string{"A=b", w.Self}, e.Args...) }, true},
		"by env, in another order": {func(e *api.ExecConfig) {
			e.Command, e.Args = env, []string{"A=b", w.Self, "get-token", "--user", e.Args[4], "--server", e.Args[2]}
		}, false},
		"a level":                   {func(e *api.ExecConfig) { e.Args = append([]string{"-v1"}, e.Args...) }, true},
		"a flag of another command": {func(e *api.ExecConfig) { e.Args = append(e.Args, "--prune") }, false},
	} {
		w.Run(signIn(w, "--exec-command", "kubectl-vsphere", "--exec-api-version", "v1")...).Exits(0)
		edit(t, w, func(cfg *api.Config) { c.edit(user(cfg, "ns1").Exec) })
		before := user(kubeconfig(t, w), "ns1").Exec
		w.Run(signIn(w)...).Exits(0)
		if after := user(kubeconfig(t, w), "ns1").Exec; reflect.DeepEqual(after, before) != c.stays {
			t.Errorf("%s: %+v", name, after)
		}
		w.Run("logout").Exits(0)
	}
}

// The flags say it once, for all contexts of the login, and it stays.
func TestExecFlags(t *testing.T) {
	w, _ := site(t)
	given(w)
	w.Run(signIn(w)...).Exits(0)
	w.Run(signIn(w, "--exec-command", w.Self, "--exec-api-version", "v1beta1")...).Exits(0).Omits("not on PATH")
	for range 2 {
		for _, context := range []string{"ns1", "tkc1"} {
			if e := user(kubeconfig(t, w), context).Exec; e.Command != w.Self || e.APIVersion != "client.authentication.k8s.io/v1beta1" {
				t.Errorf("%s: %+v", context, e)
			}
		}
		w.Run("login").Exits(0)
	}
	for _, bad := range [][]string{
		{"--exec-command", "bin/kubectl-vsphere"}, {"--exec-command", "/bin/sh"}, {"--exec-api-version", "v2"}, {"--exec-command", w.Self, "--static-tokens"},
	} {
		w.Run(signIn(w, bad...)...).Exits(2)
	}
}

// Version managers have a link that stays and a file that an upgrade removes. The link is written, also in place of the file.
func TestProgramIsCalledByALink(t *testing.T) {
	w, _ := site(t)
	given(w)
	delete(w.Programs, "kubectl-vsphere")
	w.Run(signIn(w)...).Exits(0)
	link := filepath.Join(w.Dir, "stable", "kubectl-vsphere")
	if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
		t.Fatal(err)
	}
	disktest.Linked(t, os.Symlink(w.Self, link))
	other := filepath.Join(w.Dir, "stable", "kv")
	if err := os.Symlink(w.Self, other); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ called, want string }{
		{link, link}, {"kubectl-vsphere", w.Self}, {other, w.Self}, {"/bin/sh", w.Self}, {w.Dir + "/stable/../stable/kubectl-vsphere", link},
		{w.WriteFile("vmware/kubectl-vsphere", "", 0o755), w.Self}, {link, link},
	} {
		w.Called = c.called
		w.Run(signIn(w)...).Exits(0)
		w.Run("logout").Exits(0)
		w.Run(signIn(w)...).Exits(0).Says(c.want)
		if e := user(kubeconfig(t, w), "ns1").Exec; e.Command != c.want {
			t.Errorf("called as %s: %s", c.called, e.Command)
		}
	}
	edit(t, w, func(cfg *api.Config) { user(cfg, "ns1").Exec.Command = w.Self })
	if w.Run(signIn(w)...).Exits(0); !strings.Contains(w.ReadKubeconfig(), "command: "+link) || strings.Contains(w.ReadKubeconfig(), "command: "+w.Self) {
		t.Error(w.ReadKubeconfig())
	}
}
