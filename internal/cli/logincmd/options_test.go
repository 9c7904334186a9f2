package logincmd_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/logincmd"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
)

// parse gives a command line to login, whose Run only keeps the options. ran reports whether it was called.
func parse(t *testing.T, args ...string) (o logincmd.Options, ran bool, err error) {
	t.Helper()
	c := logincmd.New(logincmd.Deps{Env: consoletest.New(t).Env()}, func(_ context.Context, _ logincmd.Deps, got logincmd.Options) error {
		o, ran = got, true
		return nil
	})
	c.SilenceErrors, c.SilenceUsage = true, true
	c.SetArgs(args)
	return o, ran, c.ExecuteContext(t.Context())
}

const fingerprint = "2F:4B:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:01"

// options are the flags alone, and what each makes of the defaults. Every flag of the command is in it.
var options = []struct {
	args []string
	want func(o *logincmd.Options)
}{
	{nil, func(*logincmd.Options) {}},
	{[]string{"--server", "https://SUP.example.com:8443/"}, func(o *logincmd.Options) { o.Server = supervisor.Address{Host: "sup.example.com", Port: 8443} }},
	{[]string{"--server", "Prod"}, func(o *logincmd.Options) { o.Server, o.Called = supervisor.Address{Host: "prod"}, "prod" }},
	{[]string{"--server", "prod:443"}, func(o *logincmd.Options) { o.Server = supervisor.Address{Host: "prod"} }},
	{[]string{"--server", "https://prod/"}, func(o *logincmd.Options) { o.Server = supervisor.Address{Host: "prod"} }},
	{[]string{"--name", "Prod"}, func(o *logincmd.Options) { o.Name = "prod" }},
	{[]string{"prod", "--name", "prod"}, func(o *logincmd.Options) { o.Word, o.Name = "prod", "prod" }},
	{[]string{"prod"}, func(o *logincmd.Options) { o.Word = "prod" }},
	{[]string{"-u", "dev@vsphere.local"}, func(o *logincmd.Options) { o.User = "dev@vsphere.local" }},
	{[]string{"--vsphere-username", "dev"}, func(o *logincmd.Options) { o.User = "dev" }},
	{[]string{"--auth-method", "auto"}, func(*logincmd.Options) {}},
	{[]string{"--auth-method", "sso"}, func(o *logincmd.Options) { o.Method = "sso" }},
	{[]string{"--auth-method", "oidc"}, func(o *logincmd.Options) { o.Method = "oidc" }},
	{[]string{"--certificate-authority", "ca.pem"}, func(o *logincmd.Options) { o.Trust.CAFile = "ca.pem" }},
	{[]string{"--ca-from-vcenter", "https://VC.example.com/ui"}, func(o *logincmd.Options) { o.Trust.VCenter = supervisor.Address{Host: "vc.example.com"} }},
	{[]string{"--ca-fingerprint", "sha256:" + strings.ToLower(strings.ReplaceAll(fingerprint, ":", ""))}, func(o *logincmd.Options) { o.Trust.CAFingerprints = []string{fingerprint} }},
	{[]string{"--replace-ca"}, func(o *logincmd.Options) { o.Trust.ReplaceCA = true }},
	{[]string{"--insecure-skip-tls-verify"}, func(o *logincmd.Options) { o.Trust.Insecure = true }},
	{[]string{"--control-plane-address", "10.0.0.1=192.168.0.1"}, func(o *logincmd.Options) {
		o.Aliases, o.Set.Aliases = supervisor.Aliases{"10.0.0.1": "192.168.0.1"}, true
	}},
	{[]string{"--api-port", "443"}, func(o *logincmd.Options) { o.APIPort, o.Set.APIPort = 443, true }},
	{[]string{"--api-port", "auto"}, func(o *logincmd.Options) { o.Set.APIPort = true }},
	{[]string{"--password-stdin"}, func(o *logincmd.Options) { o.Passwords.Stdin = true }},
	{[]string{"--wait-for-account", "1h"}, func(o *logincmd.Options) { o.Passwords.Wait = time.Hour }},
	{[]string{"--password-command", "/bin/echo 'a b'"}, func(o *logincmd.Options) {
		o.Passwords.Command, o.Passwords.CommandSet = []string{"/bin/echo", "a b"}, true
	}},
	{[]string{"--password-command", ""}, func(o *logincmd.Options) { o.Passwords.CommandSet = true }},
	{[]string{"--save-password"}, func(o *logincmd.Options) { o.Passwords.Save = true }},
	{[]string{"--save-password=false"}, func(o *logincmd.Options) { o.Passwords.Forget = true }},
	{[]string{"--force"}, func(o *logincmd.Options) { o.Passwords.Force = true }},
	{[]string{"--workload-clusters", "ns1/a,b"}, func(o *logincmd.Options) {
		o.Clusters, o.Set.Clusters = o.Clusters.With(login.Ref{Namespace: "ns1", Name: "a"}).With(login.Ref{Name: "b"}), true
	}},
	{[]string{"--tanzu-kubernetes-cluster-name", "a"}, func(o *logincmd.Options) {
		o.Clusters, o.Current, o.Set.Clusters = o.Clusters.With(login.Ref{Name: "a"}), "a", true
	}},
	{[]string{"--tanzu-kubernetes-cluster-name", "a", "--tanzu-kubernetes-cluster-namespace", "ns1"}, func(o *logincmd.Options) {
		o.Clusters, o.Current, o.Set.Clusters = o.Clusters.With(login.Ref{Namespace: "ns1", Name: "a"}), "ns1/a", true
	}},
	{[]string{"--tanzu-kubernetes-cluster-namespace", "ns1"}, func(*logincmd.Options) {}},
	// The flags of vSphere 7.0.
	{[]string{"--managed-cluster-name", "a", "--managed-cluster-namespace", "ns1"}, func(o *logincmd.Options) {
		o.Clusters, o.Current, o.Set.Clusters = o.Clusters.With(login.Ref{Namespace: "ns1", Name: "a"}), "ns1/a", true
	}},
	{[]string{"--server", "https://sup.example/ui/"}, func(o *logincmd.Options) { o.Server = supervisor.Address{Host: "sup.example"} }},
	{[]string{"--tanzu-kubernetes-cluster-name", "a", "--workload-clusters", "all"}, func(o *logincmd.Options) { o.Current, o.Set.Clusters = "a", true }},
	{[]string{"--namespaces", "ns1,ns2"}, func(o *logincmd.Options) { o.Namespaces, o.Set.Namespaces = []string{"ns1", "ns2"}, true }},
	{[]string{"--wait", "15m"}, func(o *logincmd.Options) { o.Wait = 15 * time.Minute }},
	{[]string{"--kubeconfig", "k"}, func(o *logincmd.Options) { o.Kubeconfig = "k" }},
	{[]string{"--kubeconfig", "-"}, func(o *logincmd.Options) { o.Kubeconfig, o.StaticTokens = "-", true }},
	{[]string{"--context-prefix", "lab-"}, func(o *logincmd.Options) { o.Prefix, o.Set.Prefix = "lab-", true }},
	{[]string{"--exec-command", "/opt/kubectl-vsphere"}, func(o *logincmd.Options) { o.Exec.Command = "/opt/kubectl-vsphere" }},
	{[]string{"--exec-api-version", "v1beta1"}, func(o *logincmd.Options) { o.Exec.APIVersion = "client.authentication.k8s.io/v1beta1" }},
	{[]string{"--keep-context"}, func(o *logincmd.Options) { o.KeepContext = true }},
	{[]string{"--static-tokens"}, func(o *logincmd.Options) { o.StaticTokens, o.Set.StaticTokens = true, true }},
	{[]string{"--prune"}, func(o *logincmd.Options) { o.Prune = true }},
	{[]string{"--dry-run"}, func(o *logincmd.Options) { o.DryRun = true }},
	{[]string{"--dry-run", "-o", "yaml"}, func(o *logincmd.Options) { o.DryRun, o.Format = true, "yaml" }},
	{[]string{"--dry-run", "--output", "diff"}, func(o *logincmd.Options) { o.DryRun, o.Format = true, "diff" }},
	{[]string{"--identity-provider", "ldap"}, func(o *logincmd.Options) { o.Method, o.Provider.Provider = "oidc", "ldap" }},
	{[]string{"--trust-issuer", "https://sso.example/"}, func(o *logincmd.Options) { o.Provider.TrustIssuer = "https://sso.example" }},
	{[]string{"--oidc-flow", "device"}, func(o *logincmd.Options) { o.Method, o.Provider.Flow = "oidc", "device" }},
	{[]string{"--no-browser"}, func(o *logincmd.Options) { o.Method, o.Provider.Browser.None = "oidc", true }},
	{[]string{"--browser-command", "/bin/cat -x"}, func(o *logincmd.Options) {
		o.Method, o.Provider.Browser.Command = "oidc", []string{"/bin/cat", "-x"}
	}},
	{[]string{"--listen-address", "localhost:8000"}, func(o *logincmd.Options) { o.Method, o.Provider.Browser.Listen = "oidc", "localhost:8000" }},
	{[]string{"--listen-address", "0.0.0.0:8000", "--listen-remote"}, func(o *logincmd.Options) {
		o.Method, o.Provider.Browser.Listen = "oidc", "0.0.0.0:8000"
	}},
}

// plain is the beginning of a command line for an issuer without a Supervisor.
func plain(more ...string) []string {
	return append([]string{"--server", "10.0.0.1", "--oidc-issuer-url", "https://sso.example", "--oidc-client-id", "kube"}, more...)
}

// issuers are the flags of an issuer without a Supervisor, beside those of plain or alone.
var issuers = []struct {
	args []string
	want func(o *logincmd.Options)
}{
	{plain(), func(*logincmd.Options) {}},
	{plain("--oidc-ca", "ca.pem"), func(o *logincmd.Options) { o.Provider.Issuer.CAFile = "ca.pem" }},
	{plain("--oidc-trust-host", "LOGIN.example:443,10.0.0.9:8443"), func(o *logincmd.Options) {
		o.Provider.Issuer.Hosts = []string{"login.example", "10.0.0.9:8443"}
	}},
	{plain("--oidc-scopes", "groups,email"), func(o *logincmd.Options) { o.Provider.Issuer.Scopes = []string{"groups", "email"} }},
	{plain("--oidc-extra-param", "hd=example.com"), func(o *logincmd.Options) { o.Provider.Issuer.Params = map[string]string{"hd": "example.com"} }},
	{plain("--oidc-client-secret-file", "/s"), func(o *logincmd.Options) { o.Provider.Issuer.SecretFile = "/s" }},
	{plain("--oidc-client-secret-variable", "S"), func(o *logincmd.Options) { o.Provider.Issuer.SecretVariable = "S" }},
	{[]string{"--server", "10.0.0.1", "--oidc-token-file", "/t"}, func(o *logincmd.Options) {
		o.Provider.Issuer.URL, o.Provider.Issuer.Client, o.Provider.Issuer.TokenFile = "", "", "/t"
	}},
	{[]string{"--server", "10.0.0.1", "--oidc-token-variable", "T"}, func(o *logincmd.Options) {
		o.Provider.Issuer.URL, o.Provider.Issuer.Client, o.Provider.Issuer.TokenVariable = "", "", "T"
	}},
}

var sameOptions = cmp.Comparer(func(a, b login.Selection) bool { return a.String() == b.String() })

// Each flag sets what it names and nothing else.
func TestFlagsBecomeOptions(t *testing.T) {
	seen := map[string]bool{}
	check := func(args []string, want logincmd.Options) {
		t.Helper()
		for _, arg := range args {
			name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
			seen[name] = seen[name] || strings.HasPrefix(arg, "-")
		}
		got, ran, err := parse(t, args...)
		if diff := cmp.Diff(want, got, sameOptions); diff != "" || err != nil || !ran {
			t.Errorf("%q: %v %s", args, err, diff)
		}
	}
	for _, tc := range options {
		want := logincmd.Defaults()
		tc.want(&want)
		check(tc.args, want)
	}
	for _, tc := range issuers {
		want := logincmd.Defaults()
		want.Server, want.Method = supervisor.Address{Host: "10.0.0.1"}, "oidc"
		want.Provider.Issuer.URL, want.Provider.Issuer.Client = "https://sso.example", "kube"
		tc.want(&want)
		check(tc.args, want)
	}
	logincmd.New(logincmd.Deps{Env: consoletest.New(t).Env()}, nil).Flags().VisitAll(func(f *pflag.Flag) {
		if !seen[f.Name] && f.Name != "help" {
			t.Errorf("the table lacks --%s", f.Name)
		}
	})
}

// kubectl is run from everywhere.
func TestFilesOfARunnerAreAbsolute(t *testing.T) {
	o, _, err := parse(t, "--server", "10.0.0.1", "--oidc-token-file", "token")
	if err != nil || !filepath.IsAbs(o.Provider.Issuer.TokenFile) {
		t.Errorf("%q %v", o.Provider.Issuer.TokenFile, err)
	}
}

// What does not go together, or is not what it should be, is a usage error that names the flags, before anything is done.
func TestConflicts(t *testing.T) {
	for _, tc := range []struct {
		args  string
		names []string
	}{
		{"--certificate-authority ca.pem --insecure-skip-tls-verify", []string{"--certificate-authority", "--insecure-skip-tls-verify"}},
		{"--ca-fingerprint " + fingerprint + " --insecure-skip-tls-verify", []string{"--ca-fingerprint", "--insecure-skip-tls-verify"}},
		{"--ca-from-vcenter vc --certificate-authority x", []string{"--ca-from-vcenter", "--certificate-authority"}},
		{"--oidc-token-file /t --no-browser", []string{"--oidc-token-file", "--no-browser"}},
		{"--oidc-token-variable T --oidc-flow device", []string{"--oidc-token-variable", "--oidc-flow"}},
		{"--oidc-client-secret-file /s --browser-command w3m", []string{"--oidc-client-secret-file", "--browser-command"}},
		{"--oidc-client-secret-variable S --listen-address localhost:1", []string{"--oidc-client-secret-variable", "--listen-address"}},
		{"--oidc-token-file /t --password-command cat", []string{"--oidc-token-file", "--password-command"}},
		{"--oidc-token-file /t --password-stdin", []string{"--oidc-token-file", "--password-stdin"}},
		{"--wait -60s", []string{"--wait", "-1m is negative"}},
		{"--wait-for-account -1s", []string{"--wait-for-account"}},
		{"--wait-for-account 61m", []string{"--wait-for-account", "up to 1h,"}},
		{"--wait-for-account 1m --force", []string{"--wait-for-account", "--force"}},
		{"--password-stdin --password-command x", []string{"--password-stdin", "--password-command"}},
		{"--password-stdin --server 10.0.0.1", []string{"--password-stdin", "--vsphere-username"}},
		{"--output yaml", []string{"--output", "--dry-run"}},
		{"--wait -1s", []string{"--wait"}},
		{"--wait 1m --dry-run", []string{"--wait", "--dry-run"}},
		{"--kubeconfig - --dry-run", []string{"--kubeconfig -", "--dry-run"}},
		{"--ca-fingerprint abc", []string{"--ca-fingerprint", "SHA-256"}},
		{"--control-plane-address 10.0.0.1", []string{"--control-plane-address"}},
		{"--password-command 'x", []string{"--password-command"}},
		{"--server dev@10.0.0.1", []string{"--server"}},
		{"-u a:b", []string{"--vsphere-username", "colon"}},
		{"--namespaces ns_1", []string{"--namespaces", `"ns_1"`}},
		{"--auth-method sso --oidc-flow device", []string{"--oidc-flow", "--auth-method sso"}},
		{"--auth-method sso --no-browser", []string{"--no-browser", "--auth-method sso"}},
		{"--auth-method sso --identity-provider ldap", []string{"--identity-provider", "--auth-method sso"}},
		{"--auth-method ldap", []string{"--auth-method", "auto, sso or oidc"}},
		{"--oidc-flow magic", []string{"--oidc-flow", "auto, browser, device, password"}},
		{"--browser-command 'x", []string{"--browser-command"}},
		{"--no-browser --browser-command cat", []string{"--no-browser", "--browser-command"}},
		{"--listen-remote", []string{"--listen-remote", "--listen-address"}},
		{"--listen-address 0.0.0.0:8000", []string{"--listen-address", "--listen-remote"}},
		{"--listen-address 127.0.0.1", []string{"--listen-address", "HOST:PORT"}},
		{"--listen-address [::1]:8000", []string{"--listen-address", "127.0.0.1"}},
		{"--listen-address 127.0.0.1:x", []string{"--listen-address", "port"}},
		{"--server x --oidc-issuer-url https://sso.example", []string{"--oidc-issuer-url", "--oidc-client-id"}},
		{"--server x --oidc-client-id kube", []string{"--oidc-issuer-url", "--oidc-client-id"}},
		{"--server x --oidc-ca ca.pem", []string{"--oidc-ca", "--oidc-issuer-url"}},
		{"--server x --oidc-scopes groups", []string{"--oidc-scopes", "--oidc-issuer-url"}},
		{"--server x --oidc-extra-param a=b", []string{"--oidc-extra-param", "--oidc-issuer-url"}},
		{"--server x --oidc-client-secret-file s", []string{"--oidc-client-secret", "--oidc-issuer-url"}},
		{"--server x --oidc-issuer-url https://sso.example --oidc-client-id k --oidc-token-file t", []string{"--oidc-issuer-url", "--oidc-token-file"}},
		{"--server x --oidc-token-file t --oidc-token-variable T", []string{"--oidc-token-file", "--oidc-token-variable"}},
		{strings.Join(plain("--oidc-client-secret-file", "s", "--oidc-client-secret-variable", "S"), " "), []string{"--oidc-client-secret-file", "--oidc-client-secret-variable"}},
		{strings.Join(plain("--auth-method", "sso"), " "), []string{"--auth-method sso"}},
		{strings.Join(plain("--identity-provider", "ldap"), " "), []string{"--identity-provider"}},
		{strings.Join(plain("--oidc-extra-param", "scope=x"), " "), []string{"--oidc-extra-param", "scope", "--oidc-scopes"}},
		{"--oidc-token-file t", []string{"--server"}},
		{"--server x --oidc-issuer-url http://sso.example --oidc-client-id k", []string{"--oidc-issuer-url", "https"}},
		{"--workload-clusters a/b/c", []string{"--workload-clusters"}},
		{"prod too", []string{"too"}},
		{"a+b", []string{"a+b", "neither the name of a site nor the address"}},
		{"prod --server 10.0.0.1", []string{"prod", "--server"}},
		{"--server 10.0.0.1 --name 10.0.0.1", []string{"--name", "begins with a letter"}},
	} {
		_, ran, err := parse(t, strings.Fields(tc.args)...)
		if failure.Code(err) != failure.Usage || ran {
			t.Errorf("%s: %v; Run was called: %t", tc.args, err, ran)
			continue
		}
		for _, name := range tc.names {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("%s: %v does not name %s", tc.args, err, name)
			}
		}
	}
}

// A format that a dry run does not have is refused as the flag is read.
func TestDryRunFormat(t *testing.T) {
	if _, ran, err := parse(t, "--dry-run", "-o", "json"); ran || err == nil || !strings.Contains(err.Error(), "yaml or diff") {
		t.Errorf("%t %v", ran, err)
	}
}
