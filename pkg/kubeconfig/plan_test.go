package kubeconfig

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig/splice"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

const command = "kubectl-vsphere"

// edited is a configuration with a change made in its text.
func edited(t *testing.T, cfg *api.Config, c Change) *api.Config {
	t.Helper()
	text, err := clientcmd.Write(*cfg)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := splice.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := doc.Edit(c); err != nil {
		t.Fatal(err)
	}
	return doc.Config().DeepCopy()
}

// apply makes a plan and what it says, in memory.
func apply(t *testing.T, cfg *api.Config, wanted ...Wanted) (*api.Config, Planned) {
	t.Helper()
	p := Plan(cfg, Options{Command: command}, wanted)
	now := edited(t, cfg, p.Change)
	if again := Plan(now, Options{Command: command}, wanted); !again.Change.Empty() {
		t.Errorf("a second plan changes something: %+v", again.Change)
	}
	return now, p
}

// supervisor is the context of a Supervisor for a user.
func supervisor(host, user string) Wanted {
	return Wanted{Name: host, Target: Target{Key: credfile.Key{Server: host, User: user}, Server: "https://" + host + ":6443", CA: []byte("ca")}}
}

func namespace(name, host, user string) Wanted {
	w := supervisor(host, user)
	w.Name, w.Namespace = name, name
	return w
}

func cluster(name, host, at, user string) Wanted {
	return Wanted{Name: name, Target: Target{Key: credfile.Key{Server: host, User: user, Cluster: "ns1/" + name}, Server: "https://" + at + ":6443", CA: []byte("ca " + name)}}
}

func names[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

func TestPlanNames(t *testing.T) {
	cfg, p := apply(t, api.NewConfig(), supervisor("10.0.0.1", "a@b"), namespace("ns1", "10.0.0.1", "a@b"), cluster("tkc1", "10.0.0.1", "10.0.0.9", "a@b"))
	if diff := cmp.Diff([]string{"10.0.0.1", "ns1", "tkc1"}, p.Names); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"10.0.0.1", "10.0.0.9"}, names(cfg.Clusters)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"wcp:10.0.0.1:a@b", "wcp:10.0.0.9:a@b"}, names(cfg.AuthInfos)); diff != "" {
		t.Error(diff)
	}
	if p.Current != "10.0.0.1" {
		t.Errorf("current context %q", p.Current)
	}
}

func TestPlanCollisions(t *testing.T) {
	foreign := func() *api.Config {
		cfg := api.NewConfig()
		cfg.Clusters["10.0.0.1"] = &api.Cluster{Server: "https://10.0.0.1:6443", CertificateAuthorityData: []byte("another")}
		cfg.AuthInfos["wcp:10.0.0.1:a@b"] = &api.AuthInfo{Exec: &api.ExecConfig{Command: "other"}}
		cfg.Contexts["ns1"] = &api.Context{Cluster: "10.0.0.1", AuthInfo: "wcp:10.0.0.1:a@b"}
		cfg.Contexts["ns1-10.0.0.1"] = &api.Context{Cluster: "x", AuthInfo: "y"}
		cfg.CurrentContext = "ns1"
		return cfg
	}
	cfg, p := apply(t, foreign(), namespace("ns1", "10.0.0.1", "a@b"))
	if diff := cmp.Diff([]string{"ns1-10.0.0.1-a@b"}, p.Names); diff != "" {
		t.Error(diff)
	}
	c := cfg.Contexts["ns1-10.0.0.1-a@b"]
	if c.Cluster != "10.0.0.1:6443" || c.AuthInfo != "wcp:10.0.0.1:6443:a@b" {
		t.Errorf("context %+v", c)
	}
	old := foreign()
	for name := range old.Contexts {
		if diff := cmp.Diff(old.Contexts[name], cfg.Contexts[name], cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("a foreign context changed: %s", diff)
		}
	}
	if diff := cmp.Diff(old.Clusters["10.0.0.1"], cfg.Clusters["10.0.0.1"], cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("a foreign cluster changed: %s", diff)
	}

	// HOST:PORT is taken too: the CA's hash makes the name. Then nothing is left.
	old.Clusters["10.0.0.1:6443"] = &api.Cluster{Server: "https://elsewhere"}
	cfg, p = apply(t, old, namespace("ns1", "10.0.0.1", "a@b"))
	if got := cfg.Contexts[p.Names[0]].Cluster; got != "10.0.0.1-695909" {
		t.Errorf("cluster %q", got)
	}
	old.Clusters["10.0.0.1-695909"] = &api.Cluster{Server: "https://elsewhere"}
	if _, p = apply(t, old, namespace("ns1", "10.0.0.1", "a@b")); p.Names[0] != "" || !p.Change.Empty() {
		t.Errorf("planned %+v where every name is taken", p)
	}
}

// A cluster that took over the address of another one, and one that was made anew with another CA.
func TestPlanReusedAddress(t *testing.T) {
	cfg, _ := apply(t, api.NewConfig(), cluster("old", "10.0.0.1", "10.0.0.9", "a@b"))
	cfg, p := apply(t, cfg, cluster("new", "10.0.0.1", "10.0.0.9", "a@b"))
	if c := cfg.Contexts[p.Names[0]]; c.Cluster != "10.0.0.9:6443" {
		t.Errorf("the new cluster is at entry %q", c.Cluster)
	}
	if string(cfg.Clusters["10.0.0.9"].CertificateAuthorityData) != "ca old" {
		t.Error("the entry of the old cluster changed")
	}
	again := cluster("old", "10.0.0.1", "10.0.0.9", "a@b")
	again.Target.CA = []byte("ca of the second life")
	cfg, p = apply(t, cfg, again)
	if c := cfg.Contexts[p.Names[0]]; p.Names[0] != "old" || c.Cluster != "10.0.0.9" || string(cfg.Clusters[c.Cluster].CertificateAuthorityData) != "ca of the second life" {
		t.Errorf("context %q: %+v, %+v", p.Names[0], c, cfg.Clusters["10.0.0.9"])
	}
}

// Entries of VMware's plugin for the same server are taken over, and the token goes: client-go would not look at exec.
func TestPlanAdopts(t *testing.T) {
	cfg := api.NewConfig()
	cfg.Clusters["10.0.0.1"] = &api.Cluster{Server: "https://10.0.0.1:6443", InsecureSkipTLSVerify: true}
	cfg.AuthInfos["wcp:10.0.0.1:A@b"] = &api.AuthInfo{Token: "old"}
	cfg.Contexts["10.0.0.1"] = &api.Context{Cluster: "10.0.0.1", AuthInfo: "wcp:10.0.0.1:A@b"}
	cfg.Contexts["ns1"] = &api.Context{Cluster: "10.0.0.1", AuthInfo: "wcp:10.0.0.1:A@b", Namespace: "ns1"}
	now, p := apply(t, cfg, supervisor("10.0.0.1", "a@b"), namespace("ns1", "10.0.0.1", "a@b"))
	if diff := cmp.Diff([]string{"10.0.0.1", "ns1"}, p.Names); diff != "" {
		t.Error(diff)
	}
	u := now.AuthInfos["wcp:10.0.0.1:A@b"]
	if len(now.AuthInfos) != 1 || u.Token != "" || u.Exec == nil {
		t.Errorf("users %v: %+v", names(now.AuthInfos), u)
	}
	if c := now.Clusters["10.0.0.1"]; c.InsecureSkipTLSVerify || string(c.CertificateAuthorityData) != "ca" {
		t.Errorf("cluster %+v", c)
	}
}

// What a user added to an entry of ours stays.
func TestPlanKeepsAdditions(t *testing.T) {
	cfg, _ := apply(t, api.NewConfig(), cluster("tkc1", "10.0.0.1", "10.0.0.9", "a@b"))
	cfg.Contexts["tkc1"].Namespace = "apps"
	cfg.Clusters["10.0.0.9"].ProxyURL = "http://proxy"
	cfg.AuthInfos["wcp:10.0.0.9:a@b"].Exec.Env = []api.ExecEnvVar{{Name: "KUBECTL_VSPHERE_HOME", Value: "/x"}}
	w := cluster("tkc1", "10.0.0.1", "10.0.0.9", "a@b")
	w.Target.CA = []byte("new")
	cfg, _ = apply(t, cfg, w)
	if cfg.Contexts["tkc1"].Namespace != "apps" || cfg.Clusters["10.0.0.9"].ProxyURL == "" || len(cfg.AuthInfos["wcp:10.0.0.9:a@b"].Exec.Env) != 1 {
		t.Errorf("lost: %+v %+v %+v", cfg.Contexts["tkc1"], cfg.Clusters["10.0.0.9"], cfg.AuthInfos["wcp:10.0.0.9:a@b"].Exec)
	}
}

// A login that writes an entry of ours leaves no other way to log in there: kubectl would use that one, or refuse the entry.
// Each field of an entry is either such a way or stays, also one that a later client-go adds.
func TestPlanLeavesNoOtherLogin(t *testing.T) {
	stays := map[string]bool{
		"LocationOfOrigin": true, "Impersonate": true, "ImpersonateUID": true, "ImpersonateGroups": true, "ImpersonateUserExtra": true, "Exec": true, "Extensions": true,
	}
	certificate := func(u *api.AuthInfo) { u.ClientCertificate = "/x" }
	fields := map[string]struct {
		set   func(*api.AuthInfo)
		field string // as a kubeconfig spells it
		with  func(*api.AuthInfo)
	}{
		"Token":                 {func(u *api.AuthInfo) { u.Token = "x" }, "token", nil},
		"TokenFile":             {func(u *api.AuthInfo) { u.TokenFile = "/x" }, "tokenFile", nil},
		"Username":              {func(u *api.AuthInfo) { u.Username = "x" }, "username", nil},
		"Password":              {func(u *api.AuthInfo) { u.Password = "x" }, "password", func(u *api.AuthInfo) { u.Username = "x" }},
		"ClientCertificate":     {func(u *api.AuthInfo) { u.ClientCertificate = "/x" }, "client-certificate", nil},
		"ClientCertificateData": {func(u *api.AuthInfo) { u.ClientCertificateData = []byte("x") }, "client-certificate-data", nil},
		"ClientKey":             {func(u *api.AuthInfo) { u.ClientKey = "/x" }, "client-key", certificate},
		"ClientKeyData":         {func(u *api.AuthInfo) { u.ClientKeyData = []byte("x") }, "client-key-data", certificate},
		"AuthProvider":          {func(u *api.AuthInfo) { u.AuthProvider = &api.AuthProviderConfig{Name: "x"} }, "auth-provider", nil},
	}
	for i := range reflect.TypeFor[api.AuthInfo]().NumField() {
		if name := reflect.TypeFor[api.AuthInfo]().Field(i).Name; !stays[name] && fields[name].set == nil {
			t.Errorf("nothing is said of %s", name)
		}
	}
	for _, static := range []bool{false, true} {
		w := cluster("tkc1", "10.0.0.1", "10.0.0.9", "a@b")
		if static {
			w.Target.Token = "static"
		}
		first, _ := apply(t, api.NewConfig(), w)
		want := first.AuthInfos["wcp:10.0.0.9:a@b"]
		if got := Rivals(want); len(got) > 0 {
			t.Errorf("a new entry has the rivals %q", got)
		}
		for name, f := range fields {
			cfg := first.DeepCopy()
			u := cfg.AuthInfos["wcp:10.0.0.9:a@b"]
			f.set(u)
			alone := len(Rivals(u)) > 0
			if ignored := f.with != nil && (name != "Password" || !static) || static && name == "Token"; alone == ignored {
				t.Errorf("static %t: %s alone is a rival: %t", static, name, alone)
			}
			if f.with != nil {
				f.with(u)
			}
			if got := Rivals(u); !slices.Contains(got, f.field) && (!static || name != "Token") {
				t.Errorf("static %t: %s: the rivals are %q", static, name, got)
			}
			now, _ := apply(t, cfg, w)
			ignore := cmpopts.IgnoreFields(api.AuthInfo{}, "LocationOfOrigin")
			if diff := cmp.Diff(want, now.AuthInfos["wcp:10.0.0.9:a@b"], ignore, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(api.ExecConfig{})); diff != "" {
				t.Errorf("static %t: %s: %s", static, name, diff)
			}
		}
	}
}

func TestVariables(t *testing.T) {
	key := credfile.Key{Server: "10.0.0.1", User: "a@b"}
	exec := &api.ExecConfig{Command: "/usr/bin/env", Args: append([]string{"-u=X", "A=1", "B=2=3", "/opt/kubectl-vsphere"}, append(key.Args(), "C=4")...), Env: []api.ExecEnvVar{{Name: "A", Value: "0"}}}
	want := []api.ExecEnvVar{{Name: "A", Value: "0"}, {Name: "A", Value: "1"}, {Name: "B", Value: "2=3"}}
	if diff := cmp.Diff(want, Variables(exec)); diff != "" {
		t.Error(diff)
	}
	exec.Command = "wrapper"
	if diff := cmp.Diff(want[:1], Variables(exec)); diff != "" {
		t.Errorf("a program of which nothing is known: %s", diff)
	}
	if got := Variables(nil); got != nil {
		t.Errorf("%v", got)
	}
}

func TestPlanCurrent(t *testing.T) {
	all := []Wanted{supervisor("10.0.0.1", "a@b"), namespace("ns1", "10.0.0.1", "a@b"), cluster("tkc1", "10.0.0.1", "10.0.0.9", "a@b")}
	named := slices.Clone(all)
	named[2].Current = true
	for _, c := range []struct {
		name, before, want string
		wanted             []Wanted
	}{
		{"none before", "", "10.0.0.1", all},
		{"one of ours stays", "ns1", "ns1", all},
		{"another one's does not", "kind", "10.0.0.1", all},
		{"the named cluster", "ns1", "tkc1", named},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := api.NewConfig()
			cfg.CurrentContext = c.before
			if _, p := apply(t, cfg, c.wanted...); p.Current != c.want {
				t.Errorf("%q", p.Current)
			}
		})
	}
}

func TestRemove(t *testing.T) {
	cfg, _ := apply(t, api.NewConfig(), supervisor("10.0.0.1", "a@b"), namespace("ns1", "10.0.0.1", "a@b"), supervisor("10.0.0.1", "c@d"))
	cfg.Clusters["by hand"] = &api.Cluster{Server: "https://10.0.0.1:6443"}
	cfg.Contexts["by hand"] = &api.Context{Cluster: "by hand", AuthInfo: "wcp:10.0.0.1:a@b"}
	cfg.AuthInfos["me"] = &api.AuthInfo{Token: "abc"}
	cfg.Contexts["mine"] = &api.Context{Cluster: "elsewhere", AuthInfo: "me"}
	change := Remove(cfg, func(_ string, u *api.AuthInfo) bool {
		key, ours := Ours(u)
		return ours && key.User == "a@b"
	})
	now := edited(t, cfg, change)
	if diff := cmp.Diff([]string{"10.0.0.1-c@d", "mine"}, names(now.Contexts)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"10.0.0.1", "by hand"}, names(now.Clusters)); diff != "" {
		t.Errorf("the other user needs one, and the other was made by hand: %s", diff)
	}
	if diff := cmp.Diff([]string{"me", "wcp:10.0.0.1:c@d"}, names(now.AuthInfos)); diff != "" {
		t.Error(diff)
	}
}

// A static token has no get-token beside it; the entry says itself whose it is, also after it was written and read.
func TestOursStatic(t *testing.T) {
	key := credfile.Key{Server: "10.0.0.1", User: "a@b", Cluster: "ns1/tkc1"}
	want := Wanted{Name: "tkc1", Target: Target{Key: key, Server: "https://10.0.0.9:6443", Token: "first"}}
	old, err := Plan(api.NewConfig(), Options{Command: command}, []Wanted{want}).Change.Text()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := splice.Read(old)
	if err != nil {
		t.Fatal(err)
	}
	cfg := doc.Config().DeepCopy()
	user := cfg.Contexts["tkc1"].AuthInfo
	if got, ok := Ours(cfg.AuthInfos[user]); !ok || got != key {
		t.Errorf("%v %t:\n%s", got, ok, old)
	}
	if again := Plan(cfg, Options{Command: command}, []Wanted{want}).Change; !again.Empty() {
		t.Errorf("the same login changes %+v", again)
	}
	want.Target.Token = ""
	_, err = doc.Edit(Plan(cfg, Options{Command: command}, []Wanted{want}).Change)
	text := doc.Text()
	if err != nil || strings.Contains(string(text), "first") || strings.Contains(string(text), "extensions") {
		t.Errorf("with exec: %v\n%s", err, text)
	}
	cfg.AuthInfos[user].Extensions = nil
	if _, ok := Ours(cfg.AuthInfos[user]); ok {
		t.Error("a token of VMware's plugin is ours")
	}
}

func TestOurs(t *testing.T) {
	key := credfile.Key{Server: "10.0.0.1", User: "a@b", Cluster: "ns1/tkc1"}
	for _, c := range []struct {
		command string
		args    []string
		want    bool
	}{
		{"kubectl-vsphere", key.Args(), true},
		{"/opt/bin/kubectl-vsphere", key.Args(), true},
		{`C:\bin\kubectl-vsphere.exe`, key.Args(), true},
		{`C:\BIN\Kubectl-vSphere.EXE`, key.Args(), true},
		{"/usr/bin/Kubectl-vSphere", key.Args(), false},
		{`C:\bin\KUBECTL.EXE`, append([]string{"vsphere"}, key.Args()...), true},
		{`C:\bin\kubectl-vsphere.EXE`, key.Args(), true},
		{"kubectl", append([]string{"vsphere"}, key.Args()...), true},
		{"/usr/bin/kubectl.exe", append([]string{"vsphere"}, key.Args()...), true},
		{"env", append([]string{"KUBECTL_VSPHERE_HOME=/x", "/opt/kubectl-vsphere"}, key.Args()...), true},
		{"kubectl-vsphere", append(key.Args(), "--debug"), true},
		{"kubectl-vsphere", append([]string{"-v", "1"}, key.Args()...), true},
		{"kubectl-vsphere", []string{"get-token", "--user=a@b", "--cluster", "ns1/tkc1", "--server", "10.0.0.1"}, true},
		{"kubectl-vsphere", []string{"get-token", "--server", "HTTPS://10.0.0.1:443/", "--user", "a@b", "--cluster=ns1/tkc1"}, true},
		{"kubectl-vsphere", []string{"get-token", "--server", "10.0.0.1", "--user", "a@b", "--cluster", "tkc1"}, false},
		{"kubectl-vsphere", []string{"get-token", "--server", "10.0.0.1"}, false},
		{"kubectl-vsphere", key.Args()[1:], false},
		{"kubectl-vsphere-wrapper", key.Args(), false},
		{"my-kubectl-vsphere", key.Args(), false},
		{"kubectl", key.Args(), false},
		{"kubectl", append([]string{"other"}, key.Args()...), false},
		{"kubectl-vsphere", nil, false},
	} {
		got, ok := Ours(&api.AuthInfo{Exec: &api.ExecConfig{Command: c.command, Args: c.args}})
		if ok != c.want || ok && got != key {
			t.Errorf("%s %q: %v %t", c.command, c.args, got, ok)
		}
	}
}

// A context whose name is taken has the name of its server, if that has one, else its host.
func TestNamesOfSites(t *testing.T) {
	old, _ := apply(t, api.NewConfig(), namespace("ns1", "10.0.0.1", "a@b"), cluster("tkc1", "10.0.0.1", "10.0.0.9", "a@b"))
	second := []Wanted{supervisor("10.0.0.2", "a@b"), namespace("ns1", "10.0.0.2", "a@b"), cluster("tkc1", "10.0.0.2", "10.0.0.8", "a@b"), namespace("ns2", "10.0.0.2", "a@b")}
	for i := range second {
		second[i].Target.Site = "lab"
	}
	now, p := apply(t, old, second...)
	if diff := cmp.Diff([]string{"10.0.0.2", "ns1-lab", "tkc1-lab", "ns2"}, p.Names); diff != "" {
		t.Error(diff)
	}
	third := namespace("ns1", "10.0.0.2", "c@d")
	third.Target.Site = "lab"
	if now, p = apply(t, now, third, namespace("ns1", "10.0.0.3", "a@b")); p.Names[0] != "ns1-10.0.0.2" || p.Names[1] != "ns1-10.0.0.3" {
		t.Errorf("%q", p.Names)
	}
	renamed := Plan(now, Options{Command: command, Prefix: "x-", Rename: true}, second)
	if diff := cmp.Diff([]string{"x-10.0.0.2", "x-ns1", "x-tkc1", "x-ns2"}, renamed.Names); diff != "" {
		t.Errorf("the prefix of NAME-SITE is not seen: %s", diff)
	}
}
