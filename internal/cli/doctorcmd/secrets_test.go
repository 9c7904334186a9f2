package doctorcmd_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// planted makes secrets that can be found again, and remembers them.
type planted struct{ all []string }

func (p *planted) secret(what string) string {
	s := fmt.Sprintf("s3cr3t-%d-%s", len(p.all), what)
	p.all = append(p.all, s)
	return s
}

// in returns the secrets that a text has, in any spelling.
func (p *planted) in(text string) (found []string) {
	for _, s := range p.all {
		for _, spelled := range []string{s, base64.StdEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s)), url.QueryEscape(s)} {
			if strings.Contains(text, spelled) || strings.Contains(text, strings.TrimRight(spelled, "=")) {
				found = append(found, s)
				break
			}
		}
	}
	return found
}

// A secret is in each place where one can be: what the store, kubeconfigs, docker, the keychain and the environment hold, and what servers
// answer. None is in what doctor prints, in any format, nor in the archive.
func TestNoSecretIsShown(t *testing.T) {
	r := registered(t)
	p := &planted{}
	plantStore(t, r, p)
	plantKubeconfigs(t, r, p)
	r.WriteFile(".docker/config.json", `{"auths":{"10.0.0.5":{"auth":"`+base64.StdEncoding.EncodeToString([]byte("u:"+p.secret("docker")))+`","identitytoken":"`+p.secret("docker-id")+`"}},
"HttpHeaders":{"X":"`+p.secret("docker-header")+`"},"credHelpers":{"10.0.0.5":"`+p.secret("helper")+`"},"credsStore":"`+p.secret("creds-store")+`"}`, 0o600)
	r.Vars["DOCKER_AUTH_CONFIG"] = `{"auths":{"10.0.0.5":{"auth":"` + p.secret("docker-variable") + `"}}}`
	r.Vars[failure.PasswordVariable] = p.secret("variable")
	r.Vars["REGISTRY_AUTH_FILE"] = `{"auths":{"10.0.0.5":{"auth":"` + p.secret("auth-file") + `"}}}`
	r.Vars["HTTPS_PROXY"] = "http://u:" + p.secret("proxy") + "@10.9.9.9:3128"
	r.Vars["HTTP_PROXY"] = "http://u:" + p.secret("http-proxy") + "@10.9.9.9:3128"
	r.Vars["NO_PROXY"] = "http://u:" + p.secret("no-proxy") + "@10.9.9.9"
	echo := func(w http.ResponseWriter, req *http.Request) {
		http.Error(w, "you sent "+req.Header.Get("Authorization"), http.StatusBadGateway)
	}
	worlds := map[string]func(){
		"as it is":                      func() {},
		"servers that repeat the token": func() { r.site.Replies["GET /version"], r.cluster().Replies[whoAmI] = echo, echo },
		"a proxy on the way": func() {
			r.Through = func(*http.Request) (*url.URL, error) { return url.Parse(r.Vars["HTTPS_PROXY"]) }
		},
		"a variable that is not a proxy": func() {
			r.Through = func(*http.Request) (*url.URL, error) { return nil, fmt.Errorf("parse %q: odd", r.Vars["HTTPS_PROXY"]) }
			r.Vars["HTTPS_PROXY"] = "ftp://u:" + p.secret("odd-proxy") + "@10.9.9.9:3128 x"
		},
		"a kubeconfig that is cut off": func() {
			path := r.WriteFile("broken", "users:\n- name: x\n  user:\n    token: \""+p.secret("broken")+"\n", 0o600)
			r.Vars["KUBECONFIG"] += string(filepath.ListSeparator) + path
		},
		"kubeconfigs of another shape": func() {
			for i, text := range []string{"users: " + p.secret("shape"), "apiVersion: v1\nusers:\n- name: x\n  user:\n    token: [" + p.secret("list") + "]\n",
				"users:\n- name: x\n  user:\n    client-key-data: \"" + p.secret("not-base64") + "!\"\n", `{"users":[{"name":"x","user":{"password":"` + p.secret("json") + `"}}]`,
				"clusters:\n- name: x\n  cluster:\n    server: https://u:" + p.secret("server-user") + "@10.0.0.1:6443\n", p.secret("text-alone"),
				"\tusers: " + p.secret("tab"), "apiVersion: v1\nkind: " + p.secret("kind") + "\n", "apiVersion: " + p.secret("version") + "\nkind: Config\n",
				"current-context: [" + p.secret("current") + "]\n", "clusters:\n- name: x\n  cluster: " + p.secret("cluster") + "\n", "contexts:\n- " + p.secret("context") + "\n",
				"preferences: " + p.secret("preferences") + "\n", "extensions: " + p.secret("extensions") + "\n", "clusters:\n- name: x\n  cluster: {insecure-skip-tls-verify: " + p.secret("boolean") + "}\n",
				"users:\n- name: x\n  user: {exec: {apiVersion: " + p.secret("exec") + ", args: " + p.secret("args") + "}}\n", "users:\n- &a " + p.secret("anchor") + "\n- *b\n"} {
				r.Vars["KUBECONFIG"] = r.Kubeconfig() + string(filepath.ListSeparator) + r.WriteFile(fmt.Sprint("odd-", i), text, 0o600)
				looksAtAll(t, r, p, fmt.Sprint("shape ", i))
			}
		},
		"KUBECONFIG holds the text of a file": func() {
			for i, text := range []string{"users:\n- name: x\n  user:\n    token: " + p.secret("in-variable") + "\n", strings.Repeat(p.secret("long"), 100), r.Kubeconfig() + "/" + p.secret("below-a-file"),
				p.secret("relative") + "/config", "/gone/" + p.secret("absolute") + "/config"} {
				r.Vars["KUBECONFIG"] = r.Kubeconfig() + string(filepath.ListSeparator) + text
				looksAtAll(t, r, p, fmt.Sprint("text ", i))
			}
		},
		"variables that hold a token": func() {
			r.Through = nil
			was := maps.Clone(r.Vars)
			defer func() { r.Vars = was }()
			for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "KUBECONFIG", "DOCKER_HOST",
				"XDG_STATE_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "SUDO_UID", "KUBECTL_VSPHERE_INTERACTIVE", "KUBECTL_VSPHERE_PRINT_URL", failure.UsernameVariable, "KUBECTL_VSPHERE_HOME"} {
				for i, text := range []string{p.secret("pasted"), "x=" + p.secret("variable"), "eyJ." + strings.Repeat(p.secret("jwt"), 9) + ".x"} {
					r.Vars = maps.Clone(was)
					delete(r.Vars, "HTTPS_PROXY")
					delete(r.Vars, "NO_PROXY")
					r.Vars[name] = text
					looksAt(t, r, p, fmt.Sprint(name, " ", i), ways[:2])
				}
			}
		},
		"an issuer with a query": func() {
			of := tokens.Site{Server: clitest.Server}
			_, err := r.Store().UpdateSite(t.Context(), of, func(site *tokens.Site) {
				site.Issuer = "https://u:" + p.secret("issuer-user") + "@sso.example/x?token=" + p.secret("issuer-query")
			})
			if err != nil {
				t.Fatal(err)
			}
		},
		"docker's config is cut off": func() {
			r.WriteFile(".docker/config.json", `{"auths":{"10.0.0.5":{"auth":"`+p.secret("docker-broken")+`"`, 0o600)
		},
		"files of the store that are cut off": func() {
			r.WriteFile("store/sessions/x.json", `{"version":1,"renewal":{"refresh_token":"`+p.secret("store-broken")+`"`, 0o600)
			r.WriteFile("store/sessions/y.json", `{"version":1,"id":{"`+p.secret("store-shape")+`":1}}`, 0o600)
			r.WriteFile("store/credentials/x.json", `{"version":1,"status":{"token":"`+p.secret("credential-broken")+`"`, 0o600)
			r.WriteFile("store/registries/x=login.json", `{"version":1,"host":"x","secret":"`+p.secret("login-broken")+`"`, 0o600)
		},
	}
	for _, name := range []string{"as it is", "an issuer with a query", "servers that repeat the token", "a proxy on the way", "a variable that is not a proxy", "docker's config is cut off",
		"files of the store that are cut off", "a kubeconfig that is cut off", "kubeconfigs of another shape", "KUBECONFIG holds the text of a file", "variables that hold a token"} {
		worlds[name]()
		looksAtAll(t, r, p, name)
	}
	if len(p.all) < 120 {
		t.Errorf("only %d secrets", len(p.all))
	}
}

// ways are those in which doctor is run.
var ways = [][]string{{"--all"}, {"-o", "json"}, {"-o", "yaml"}, {"-v", "1"}, {"--context", "tkc1"}, {"--server", "10.0.0.1", "--all"}}

// looksAtAll runs doctor in each way, and looks for secrets.
func looksAtAll(t *testing.T, r rig, p *planted, world string) {
	t.Helper()
	looksAt(t, r, p, world, ways)
}

func looksAt(t *testing.T, r rig, p *planted, world string, ways [][]string) {
	t.Helper()
	for i, args := range ways {
		archive := filepath.Join(r.Dir, fmt.Sprintf("bundle-%d.zip", i))
		_ = os.Remove(archive)
		result := r.Run(append([]string{"doctor", "--bundle", archive}, args...)...)
		if len(result.Out) < 50 && result.Code != failure.Usage { // Without its kubeconfig there is no context tkc1.
			t.Fatalf("%s, %q: %s%s", world, args, result.Out, result.Err)
		}
		if found := p.in(result.Out + result.Err); len(found) > 0 {
			t.Errorf("%s, %q prints %q:\n%s%s", world, args, found, result.Out, result.Err)
		}
		if result.Code == failure.Usage {
			continue
		}
		for name, text := range unzip(t, archive) {
			if found := p.in(text); len(found) > 0 {
				t.Errorf("%s, %q: %s of the archive has %q:\n%s", world, args, name, found, text)
			}
		}
	}
}

// unzip returns the files of an archive, which is the user's alone.
func unzip(t *testing.T, path string) map[string]string {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(err, info)
	}
	archive, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	files := map[string]string{}
	for _, f := range archive.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		_ = in.Close()
		files[f.Name] = string(text)
	}
	for _, name := range []string{"report.json", "store.json", "machine.txt", "kubeconfig.json"} {
		if len(files[name]) < 20 {
			t.Errorf("%s of the archive: %q", name, files[name])
		}
	}
	return files
}

// plantStore fills the store and the keychain with secrets.
func plantStore(t *testing.T, r rig, p *planted) {
	t.Helper()
	credentials, _ := r.Store().Credentials()
	if len(credentials) < 3 {
		t.Fatal(credentials)
	}
	for _, c := range credentials { // Those of the login, which servers take.
		p.all = append(p.all, c.Token.Reveal())
	}
	change(t, r, func(s *tokens.Session) {
		s.Renewal = redact.JSON(`{"refresh_token":"` + p.secret("refresh") + `","client_secret":"` + p.secret("client") + `"}`)
		s.PasswordCommand, s.Keychain = []string{"/gone/pass", "--token", p.secret("password-command")}, true
	})
	if err := keyring.Set("kubectl-vsphere", r.Session().KeychainEntry(), p.secret("keychain")); err != nil {
		t.Fatal(err)
	}
	of := r.Session()
	r.KeepToken(of, tokens.Key{Server: of.Server, User: of.User, Cluster: "ns2/other"}, redact.Secret(p.secret("token")))
	certificate := tokens.Credential{
		Key: tokens.Key{Server: of.Server, User: of.User, Cluster: "ns2/certificate"}, Session: of.ID, Certificate: r.CA.PEM, PrivateKey: redact.Secret(p.secret("private-key")),
		Issued: r.Now(), Expires: r.Now().Add(consoletest.Life),
	}
	if err := r.Store().SaveCredential(certificate); err != nil {
		t.Fatal(err)
	}
	logins := registry.Store{Dir: r.Store().Dir()}
	if err := logins.SaveLogin(registry.Login{Host: "10.0.0.6", Username: "robot$x", Secret: redact.Stored{Secret: redact.Secret(p.secret("robot"))}}); err != nil {
		t.Fatal(err)
	}
	r.WriteFile("store/accounts/x.json", `{"version":1,"reason":"`+p.secret("mark")+`"}`, 0o600)
}

// plantKubeconfigs puts secrets into each field of the user's kubeconfig that can hold one, with contexts that use them.
func plantKubeconfigs(t *testing.T, r rig, p *planted) {
	t.Helper()
	key := func(what string) string { return base64.StdEncoding.EncodeToString([]byte(p.secret(what))) }
	var users, clusters, contexts bytes.Buffer
	add := func(name, user, cluster string) {
		fmt.Fprintf(&users, "- name: %s\n  user: %s\n", name, user)
		fmt.Fprintf(&clusters, "- name: %s\n  cluster: %s\n", name, cluster)
		fmt.Fprintf(&contexts, "- name: %s\n  context: {cluster: %s, user: %s}\n", name, name, name)
	}
	call := `{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: IfAvailable, command: kubectl-vsphere, args: [get-token, --server, 10.0.0.1, --user, dev@vsphere.local%s]}%s}`
	const server = "{server: 'https://10.0.0.1:6443', insecure-skip-tls-verify: true}"
	add("token", "{token: "+p.secret("kubeconfig-token")+"}", server)
	add("wcp:10.0.0.9:dev", "{token: "+p.secret("vmware-token")+"}", server)
	add("basic", "{username: u, password: "+p.secret("kubeconfig-password")+"}", server)
	add("key", "{client-certificate-data: eA==, client-key-data: "+key("kubeconfig-key")+"}", server)
	add("provider", "{auth-provider: {name: oidc, config: {id-token: "+p.secret("id-token")+", refresh-token: "+p.secret("kubeconfig-refresh")+"}}}", server)
	add("exec", "{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: gone, args: [--client-secret, "+p.secret("exec-args")+
		"], env: [{name: X, value: "+p.secret("exec-env")+"}]}}", server)
	add("exec-line", "{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: 'gone --token "+p.secret("exec-command")+"'}}", server)
	add("exec-variable", "{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: 'X="+p.secret("exec-variable")+" gone'}}", server)
	add("exec-word", "{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: 'X="+p.secret("exec-word")+"'}}", server)
	add("exec-version", "{exec: {apiVersion: "+p.secret("exec-version")+", interactiveMode: "+p.secret("exec-mode")+", command: gone, installHint: "+p.secret("exec-hint")+"}}", server)
	add("files", "{client-certificate: "+p.secret("certificate-file")+", client-key: "+p.secret("key-file")+", tokenFile: "+p.secret("token-file")+"}",
		"{server: "+p.secret("server")+", certificate-authority: "+p.secret("ca-file")+", proxy-url: "+p.secret("proxy")+", tls-server-name: "+p.secret("tls-name")+"}")
	add("files-of-ours", fmt.Sprintf(call, "", ""), "{server: 'https://10.0.0.1:6443', certificate-authority: /gone/ca.pem}")
	add("ca-data", fmt.Sprintf(call, "", ""), "{server: 'https://10.0.0.1:6443', certificate-authority-data: "+key("ca-data")+"}")
	add("proxy-of-ours", fmt.Sprintf(call, "", ""), "{server: 'https://10.0.0.1:6443', proxy-url: "+p.secret("our-proxy")+"}")
	add("socks-proxy", fmt.Sprintf(call, "", ""), "{server: 'https://10.0.0.1:6443', proxy-url: 'socks5h://u:"+p.secret("socks-proxy")+"@10.9.9.9'}")
	add("server-of-ours", fmt.Sprintf(call, "", ""), "{server: "+p.secret("our-server")+"}")
	add("impersonation", "{as: "+p.secret("as")+", as-uid: "+p.secret("as-uid")+", as-groups: ["+p.secret("as-group")+"]}", server)
	add("rival", fmt.Sprintf(call, "", ", token: "+p.secret("rival")), server)
	add("more", fmt.Sprintf(call, ", "+p.secret("further-argument"), ""), server)
	add("other-store", fmt.Sprintf(strings.Replace(call, "args:", "env: [{name: KUBECTL_VSPHERE_PASSWORD, value: "+p.secret("exec-password")+"}], args:", 1), "", ""), server)
	add("server", fmt.Sprintf(call, "", ""), "{server: 'https://u:"+p.secret("server-password")+"@10.0.0.1:6443'}")
	add("plain", fmt.Sprintf(call, "", ""), "{server: 'http://u:"+p.secret("plain-password")+"@10.0.0.1:6443'}")
	add("query", fmt.Sprintf(call, "", ""), "{server: 'https://10.0.0.1:6443/?token="+p.secret("query")+"'}")
	add("by-proxy", fmt.Sprintf(call, "", ""), "{server: 'https://10.0.0.1:6443', proxy-url: 'http://u:"+p.secret("proxy-url")+"@10.9.9.9:3128', insecure-skip-tls-verify: true}")
	add("odd-proxy", fmt.Sprintf(call, "", ""), "{server: 'https://10.0.0.1:6443', proxy-url: 'ftp://u:"+p.secret("odd-proxy-url")+"@10.9.9.9'}")
	replace(t, r.Kubeconfig(), "users:\n", "unknown: "+p.secret("unknown-field")+"\nextensions:\n- name: x\n  extension: {x: "+p.secret("extension")+"}\nusers:\n")
	replace(t, r.Kubeconfig(), "users:\n", "# token: "+p.secret("comment")+"\nusers:\n"+users.String())
	replace(t, r.Kubeconfig(), "clusters:\n", "clusters:\n"+clusters.String())
	replace(t, r.Kubeconfig(), "contexts:\n", "contexts:\n"+contexts.String())
}
