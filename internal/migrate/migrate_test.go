package migrate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig"
)

// load reads a kubeconfig as the commands do.
func load(t testing.TB, text string) *api.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := kubeconfig.Files{Paths: []string{path}, Warn: func(string) {}}.Load()
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// homeWith is a home directory with these files.
func homeWith(t testing.TB, files map[string]string) string {
	t.Helper()
	home := t.TempDir()
	for name, text := range files {
		path := filepath.Join(home, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return home
}

// theirs is a kubeconfig with contexts of VMware's plugin, the Tanzu CLI, the VCF CLI and the Pinniped CLI, one of ours, and two that are
// of nobody here.
const theirs = `
apiVersion: v1
kind: Config
clusters:
- {name: 10.0.0.1, cluster: {server: "https://10.0.0.1:6443"}}
- {name: 10.0.0.11, cluster: {server: "https://10.0.0.11:6443"}}
- {name: 10.0.0.12, cluster: {server: "https://10.0.0.12:6443"}}
- {name: "fd00::1", cluster: {server: "https://[fd00::1]:6443"}}
- {name: uuid, cluster: {server: "https://10.0.0.2:6443"}}
- {name: tkc9, cluster: {server: "https://10.0.0.29:6443"}}
- {name: vcf, cluster: {server: "https://10.0.0.3:443"}}
- {name: vcf7, cluster: {server: "https://10.0.0.37:6443"}}
- {name: plain, cluster: {server: "http://10.0.0.99"}}
contexts:
- {name: 10.0.0.1, context: {cluster: 10.0.0.1, user: "wcp:10.0.0.1:Dev@vsphere.local"}}
- {name: ns1, context: {cluster: 10.0.0.1, user: "wcp:10.0.0.1:Dev@vsphere.local", namespace: ns1}}
- {name: ns1-10.0.0.1, context: {cluster: 10.0.0.1, user: "wcp:10.0.0.1:root@vsphere.local", namespace: ns1}}
- {name: prod, context: {cluster: 10.0.0.1, user: ours, namespace: ns1}}
- {name: tkc1-10.0.0.11, context: {cluster: 10.0.0.11, user: "wcp:10.0.0.11:Dev@vsphere.local"}}
- {name: tkc2, context: {cluster: 10.0.0.12, user: "wcp:10.0.0.12:Dev@vsphere.local"}}
- {name: mine, context: {cluster: 10.0.0.11, user: our-cluster}}
- {name: six, context: {cluster: "fd00::1", user: "wcp:fd00::1:ops@vsphere.local", namespace: six}}
- {name: tanzu-cli-uuid@uuid, context: {cluster: uuid, user: tanzu}}
- {name: tkc9, context: {cluster: tkc9, user: pinniped}}
- {name: "sup3:ns7", context: {cluster: vcf, user: vcf, namespace: ns7}}
- {name: "sup3:tkc7", context: {cluster: vcf7, user: vcf}}
- {name: kind, context: {cluster: plain, user: vcf}}
- {name: elsewhere, context: {cluster: plain, user: idp}}
users:
- {name: "wcp:10.0.0.1:Dev@vsphere.local", user: {token: t1}}
- {name: "wcp:10.0.0.1:root@vsphere.local", user: {token: t1}}
- {name: "wcp:10.0.0.11:Dev@vsphere.local", user: {token: t1}}
- {name: "wcp:10.0.0.12:Dev@vsphere.local", user: {token: t1}}
- {name: "wcp:fd00::1:ops@vsphere.local", user: {token: t1}}
- {name: ours, user: {exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: IfAvailable, command: kubectl-vsphere, args: [get-token, --server, 10.0.0.1, --user, dev@vsphere.local]}}}
- {name: our-cluster, user: {exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: IfAvailable, command: kubectl-vsphere, args: [get-token, --server, 10.0.0.1, --user, dev@vsphere.local, --cluster, ns1/tkc1]}}}
- {name: tanzu, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: /usr/local/bin/tanzu, args: [pinniped-auth, login, "--issuer=https://10.0.0.2/wcp/pinniped"]}}}
- {name: pinniped, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: pinniped, args: [login, oidc, --issuer, "https://10.0.0.2/wcp/pinniped/"]}}}
- {name: idp, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: pinniped, args: [login, oidc, --issuer, "https://idp.example.com"]}}}
- {name: vcf, user: {token: t1}}
`

var theirFiles = map[string]string{
	".config/tanzu/config-ng.yaml": `
contexts:
- {name: sup2, contextType: kubernetes, clusterOpts: {endpoint: "https://10.0.0.2:6443", path: /home/dev/.kube/config, context: tanzu-cli-uuid@uuid}}
- {name: away, target: k8s, clusterOpts: {endpoint: sup.example.com, context: gone}}
- {name: tmc, target: mission-control, globalOpts: {endpoint: tmc.example.com, auth: {refresh_token: secret}}}
- {name: renamed, target: kubernetes, clusterOpts: {context: prod}}
currentContext: {kubernetes: sup2}
`,
	".config/tanzu/config.yaml": `
servers:
- {name: sup2, type: managementcluster, managementClusterOpts: {endpoint: 10.9.9.9, context: other}}
- {name: old, type: managementcluster, managementClusterOpts: {endpoint: "https://old.example.com/"}}
`,
	".config/vcf/config.yaml": `
env: {VCF_CLI_VSPHERE_PASSWORD: secret}
contexts:
- {name: sup3, type: kubernetes, clusterOpts: {endpoint: "https://10.0.0.3"}}
- {name: "sup3:ns7", type: kubernetes, clusterOpts: {}}
- {name: "sup3:tkc7", type: kubernetes, clusterOpts: {}}
- {name: "sup3:ns7:tkc8", type: kubernetes, clusterOpts: {endpoint: 10.0.0.38}}
- {name: org, type: cloud-consumption-interface, globalOpts: {endpoint: vcfa.example.com}}
`,
}

// Contexts of each tool are found, with the Supervisor that they belong to and our context for the same.
func TestRead(t *testing.T) {
	got, errs := Read(t.Context(), homeWith(t, theirFiles), load(t, theirs))
	if len(errs) > 0 {
		t.Error(errs)
	}
	const dev = "Dev@vsphere.local"
	want := []Context{
		{Name: "10.0.0.1", Tool: Plugin, Server: "10.0.0.1", APIServer: "10.0.0.1:6443", User: dev},
		{Name: "ns1", Tool: Plugin, Server: "10.0.0.1", APIServer: "10.0.0.1:6443", User: dev, Namespace: "ns1", Ours: "prod"},
		{Name: "ns1-10.0.0.1", Tool: Plugin, Server: "10.0.0.1", APIServer: "10.0.0.1:6443", User: "root@vsphere.local", Namespace: "ns1"},
		{Name: "tkc1-10.0.0.11", Tool: Plugin, Server: "10.0.0.1", APIServer: "10.0.0.11:6443", User: dev, Namespace: "ns1", Cluster: "tkc1", Ours: "mine"},
		{Name: "tkc9", Tool: Pinniped, Server: "10.0.0.2", APIServer: "10.0.0.29:6443", Cluster: "tkc9"},
		{Name: "tanzu-cli-uuid@uuid", Tool: Tanzu, Server: "10.0.0.2", APIServer: "10.0.0.2:6443"},
		{Name: "sup3", Tool: VCF, Server: "10.0.0.3"},
		{Name: "sup3:ns7", Tool: VCF, Server: "10.0.0.3", APIServer: "10.0.0.3", Namespace: "ns7"},
		{Name: "sup3:ns7:tkc8", Tool: VCF, Server: "10.0.0.3", Namespace: "ns7", Cluster: "tkc8"},
		{Name: "sup3:tkc7", Tool: VCF, Server: "10.0.0.3", APIServer: "10.0.0.37:6443", Cluster: "tkc7"},
		{Name: "six", Tool: Plugin, Server: "fd00::1", APIServer: "[fd00::1]:6443", User: "ops@vsphere.local", Namespace: "six"},
		{Name: "old", Tool: Tanzu, Server: "old.example.com"},
		{Name: "away", Tool: Tanzu, Server: "sup.example.com"},
		{Name: "renamed", Tool: Tanzu},
		{Name: "tkc2", Tool: Plugin, APIServer: "10.0.0.12:6443", User: dev, Cluster: "tkc2"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	sites := []Site{{"10.0.0.1", dev}, {"10.0.0.1", "root@vsphere.local"}, {"10.0.0.2", ""}, {"10.0.0.3", ""}, {"fd00::1", "ops@vsphere.local"}, {"old.example.com", ""}, {"sup.example.com", ""}}
	if diff := cmp.Diff(sites, Sites(got)); diff != "" {
		t.Error(diff)
	}
}

// The login at a Supervisor includes the control plane hosts of its namespaces. A host gets one of its own only if no such login is to be made.
func TestSites(t *testing.T) {
	front := Context{Tool: Plugin, Server: "10.0.0.1", User: "a"}
	other := Context{Tool: Plugin, Server: "10.0.1.1", User: "a", Namespace: "ns2"}
	for _, c := range []struct {
		all  []Context
		want []Site
	}{
		{nil, nil},
		{[]Context{front, other}, []Site{{"10.0.0.1", "a"}}},
		{[]Context{{Tool: Plugin, Server: "10.0.0.1", User: "a", Ours: "x"}, other}, []Site{{"10.0.1.1", "a"}}},
		{[]Context{front, {Tool: Plugin, Server: "10.0.1.1", User: "b", Namespace: "ns2"}}, []Site{{"10.0.0.1", "a"}, {"10.0.1.1", "b"}}},
		{[]Context{front, {Tool: VCF, Server: "10.0.0.1", User: "A"}}, []Site{{"10.0.0.1", "a"}}},
		{[]Context{{Tool: Plugin, Cluster: "tkc1", User: "a"}}, nil},
	} {
		if diff := cmp.Diff(c.want, Sites(c.all)); diff != "" {
			t.Error(c.all, diff)
		}
	}
}

// Only the issuer of a Supervisor, over https, leads to one.
func TestOfIssuer(t *testing.T) {
	for issuer, want := range map[string]string{
		"https://10.0.0.2/wcp/pinniped":             "10.0.0.2",
		"https://10.0.0.2:443/wcp/pinniped/":        "10.0.0.2",
		"https://sup.example.com:8443/wcp/pinniped": "sup.example.com:8443",
		"http://10.0.0.2/wcp/pinniped":              "",
		"https://user@10.0.0.2/wcp/pinniped":        "",
		"https://10.0.0.2/wcp/pinniped/../x":        "",
		"https://10.0.0.2/":                         "",
		"https://\x1b[2J/wcp/pinniped":              "",
		"":                                          "",
	} {
		if got := ofIssuer(issuer); got != want {
			t.Errorf("%q: %q", issuer, got)
		}
	}
}

// What is no context of a known shape is left out, and the error names the file and repeats nothing of it.
func TestReadsForeignFilesWithinBounds(t *testing.T) {
	const secret = "hunter2"
	for name, c := range map[string]struct {
		text string
		want string // in the error; empty: none
		left int    // contexts that are found
	}{
		"empty":           {"\n", "", 0},
		"no contexts":     {"env: {PASSWORD: hunter2}", "", 0},
		"no YAML":         {"a: [hunter2", "is not YAML of the shape that is known", 0},
		"a text":          {"hunter2", "is not YAML of the shape that is known", 0},
		"a list":          {"- hunter2", "is not YAML of the shape that is known", 0},
		"binary":          {"\x00\xff\xfehunter2", "is not YAML of the shape that is known", 0},
		"wrong type":      {"contexts: hunter2", "is not YAML of the shape that is known", 0},
		"a mapping":       {"contexts: {hunter2: {}}", "is not YAML of the shape that is known", 0},
		"odd entries":     {"contexts: [hunter2, 7, null, {name: [hunter2]}, {name: a, clusterOpts: hunter2}, {name: b, clusterOpts: {endpoint: 10.0.0.4}}]", "5 of its contexts are left out", 1},
		"keys twice":      {"contexts: []\ncontexts: [hunter2]", "is not YAML of the shape that is known", 0},
		"documents":       {"contexts: []\n---\nhunter2: 1", "is not YAML of the shape that is known", 0},
		"aliases":         {"x: &a [hunter2]\ncontexts: *a", "has YAML anchors or aliases", 0},
		"deep":            {"contexts: " + strings.Repeat("[", 100) + strings.Repeat("]", 100), "nested deeper than 64 levels", 0},
		"10,000 contexts": {"contexts:\n" + strings.Repeat("- {name: hunter2, target: k8s}\n", 10_000), "has more than 5000 values", 0},
		"2 MiB":           {"x: " + strings.Repeat("hunter2", 300_000), "larger than 1 MiB", 0},
		"odd endpoints":   {`contexts: [{name: a, clusterOpts: {endpoint: "user:hunter2@x"}}, {name: b, clusterOpts: {endpoint: "\u202e"}}]`, "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			got, errs := Read(t.Context(), homeWith(t, map[string]string{".config/vcf/config-ng.yaml": c.text}), api.NewConfig())
			if len(got) != c.left {
				t.Errorf("%+v", got)
			}
			for _, one := range got {
				if one.Server != "" && one.Server != "10.0.0.4" {
					t.Errorf("%+v", one)
				}
			}
			said := ""
			for _, err := range errs {
				said += err.Error()
			}
			switch {
			case c.want == "" && said == "":
			case c.want == "" || !strings.Contains(said, c.want) || !strings.Contains(said, "config-ng.yaml"):
				t.Errorf("%q", said)
			}
			if strings.Contains(said, secret) {
				t.Errorf("the error repeats the file: %q", said)
			}
		})
	}
}

// A name that nobody can log in with is no part of what is found: it would become a part of a command.
func TestOddUsers(t *testing.T) {
	for _, user := range []string{"dev\x1b[2J@x", "\u202edev", " dev", "dev\nlogin", ""} {
		config := api.NewConfig()
		entry := "wcp:10.0.0.1:" + user
		config.Contexts["ns1"] = &api.Context{Cluster: "c", AuthInfo: entry, Namespace: "ns1"}
		config.AuthInfos[entry] = &api.AuthInfo{Token: "t"}
		got, _ := Read(t.Context(), "", config)
		if diff := cmp.Diff([]Context{{Name: "ns1", Tool: Plugin, Server: "10.0.0.1", Namespace: "ns1"}}, got); diff != "" {
			t.Errorf("%q: %s", user, diff)
		}
	}
}

func FuzzReadFile(f *testing.F) {
	for _, text := range theirFiles {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		home := homeWith(t, map[string]string{".config/vcf/config.yaml": text})
		got, _ := Read(t.Context(), home, api.NewConfig())
		for _, c := range got {
			if c.Server != "" && serverOf(c.Server) != c.Server {
				t.Errorf("%q", c.Server)
			}
		}
	})
}
