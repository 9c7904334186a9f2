package doctorcmd_test

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/doctor"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess/harbortest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

// A name is looked up. One that is not in DNS is a problem.
func TestNames(t *testing.T) {
	w := clitest.New(t)
	s := w.Supervisor("sup.example.com")
	answers(s.Replies)
	w.Vars["PATH"] = filepath.Dir(w.Self)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Run("login", "--server", "sup.example.com", "-u", consoletest.User, "--certificate-authority", w.CAFile).Exits(failure.OK)
	w.Run("doctor", "--all").Exits(failure.OK).Says("ok: names: sup.example.com: sup.example.com is 192.0.2.1")
	w.Down("sup.example.com:443")
	w.Down("sup.example.com:6443")
	w.Run("doctor").Exits(failure.Failed).Says("problem: names: sup.example.com: there is no such name in DNS: sup.example.com", "Check the spelling, your VPN")
	w.Run("doctor", "--server", "nowhere.example.com").Exits(failure.Failed).Says("problem: names: nowhere.example.com: there is no such name").Omits("sup.example.com")
}

// A proxy that does not lead to the Supervisor is a problem, and NO_PROXY is what to type. What is in front of a proxy is not dialed.
func TestProxy(t *testing.T) {
	r := well(t)
	through := func(*http.Request) (*url.URL, error) { return url.Parse("http://u:s3cr3t@10.9.9.9:3128") }
	r.Through, r.Vars["HTTPS_PROXY"] = through, "http://u:s3cr3t@10.9.9.9:3128"
	r.Vars["NO_PROXY"] = "localhost"
	r.Run("doctor").Exits(failure.Failed).Says("problem: proxy: 10.0.0.1: it does not answer through the proxy 10.9.9.9:3128", "Type: export NO_PROXY=localhost,10.0.0.1").
		Omits("s3cr3t", "problem: ports", "problem: names")
	r.Through = nil
	r.Run("doctor").Exits(failure.OK)
}

// The identity provider of a Supervisor: the issuer and what is behind it, an outage, and one that has changed.
func TestIdentity(t *testing.T) {
	keyring.MockInit()
	w, s := clitest.Site(t)
	answers(s.Replies)
	i := s.Federate("", consoletest.LDAP())
	w.Vars["PATH"], w.Vars[failure.PasswordVariable] = filepath.Dir(w.Self), consoletest.Password
	w.Run("login", "--server", clitest.Server, "--certificate-authority", w.CAFile, "--auth-method", "oidc", "-u", consoletest.User).Exits(failure.OK)
	delete(w.Vars, failure.PasswordVariable)
	secrets := i.Secrets()
	w.Run("doctor", "--all").Exits(failure.OK).Says("ok: identity: 10.0.0.1: users log in at https://10.0.0.1/wcp/pinniped by ldap (ldap)")

	i.Replies["GET /providers"] = consoletest.Reply(`{"pinniped_identity_providers":[]}`)
	w.Run("doctor").Exits(failure.Failed).Says("problem: identity: 10.0.0.1: the identity providers behind its issuer are not known: ", "no identity provider is configured there")
	i.Replies["GET /providers"] = consoletest.Reply(`{"pinniped_identity_providers":[{"name":"other","type":"oidc"}]}`)
	w.Run("doctor").Exits(failure.Failed).Says("the identity provider ldap, by which you logged in, is not offered any more; offered: other (oidc)",
		"type: kubectl vsphere login --server 10.0.0.1 --identity-provider NAME")
	delete(i.Replies, "GET /providers")
	session := w.Session()
	o := tokens.Outage{}.Again(w.Now(), 0, false, 0)
	o.Reason = "bad gateway (502)"
	if err := w.Store().SetOutage(session.ID, o); err != nil {
		t.Fatal(err)
	}
	w.Run("doctor").Exits(failure.Failed).Says("its identity provider has renewed nothing for dev@vsphere.local since", "bad gateway (502)")
	if err := w.Store().EndOutage(session.ID); err != nil {
		t.Fatal(err)
	}
	i.Document = map[string]any{"issuer": "https://evil.example"}
	w.Run("doctor").Exits(failure.Failed).Says("problem: identity: 10.0.0.1: its issuer cannot be used: ")
	i.Document = nil
	stranger := w.Stranger("evil.example:443")
	s.Identity = map[string]string{"issuer": "https://evil.example"}
	w.Run("doctor").Exits(failure.Failed).Says("it names the issuer \"https://evil.example\"; at the last login it was https://10.0.0.1/wcp/pinniped", "--trust-issuer")
	s.Identity = nil
	w.Run("doctor").Exits(failure.Failed).Says("it has no identity provider any more", "before you type a vCenter password")
	if len(stranger.Got()) > 0 || i.Secrets() != secrets {
		t.Errorf("asked: %q; secrets: %d", stranger.Got(), i.Secrets()-secrets)
	}
}

// registered is a rig with a registry that takes the login.
func registered(t *testing.T) rig {
	t.Helper()
	r := well(t)
	r.Vars["XDG_RUNTIME_DIR"] = r.Dir
	h := harbortest.New(t, clitest.Server)
	h.Review = func(string, string) bool { return true }
	r.Serve("10.0.0.5:443", r.CA, h)
	r.Programs["docker-credential-vsphere"] = r.WriteFile("bin/docker-credential-vsphere", "#!/bin/sh\n", 0o755)
	r.Run("registry", "add", "10.0.0.5")
	r.WriteFile("root/etc/docker/certs.d/10.0.0.5/ca.crt", r.CA.PEM, 0o644)
	return r
}

// What registry clients need is looked at, without a credential.
func TestRegistries(t *testing.T) {
	for name, tc := range map[string]struct {
		sick func(t *testing.T, r rig)
		says string
	}{
		"the helper is not on PATH": {func(_ *testing.T, r rig) { delete(r.Programs, "docker-credential-vsphere") }, "docker-credential-vsphere is not on PATH, where docker looks for it; type: kubectl vsphere registry install-helper"},
		"no entry":                  {func(_ *testing.T, r rig) { r.WriteFile(".docker/config.json", "{}", 0o600) }, "problem: registries: 10.0.0.5: docker's config.json does not name our helper for it\nType: kubectl vsphere registry configure"},
		"another helper": {func(_ *testing.T, r rig) {
			r.WriteFile(".docker/config.json", `{"credHelpers":{"10.0.0.5":"pass"}}`, 0o600)
		}, "names another helper for it"},
		"a config that is not JSON": {func(_ *testing.T, r rig) {
			r.WriteFile(".docker/config.json", `{"auths":{"x":{"auth":"s3cr3t"}}`, 0o600)
		}, "Repair the file, or move it away."},
		"a login in the file": {func(_ *testing.T, r rig) {
			r.WriteFile(".docker/config.json", `{"auths":{"10.0.0.5":{"auth":"czNjcjN0OnMzY3IzdA=="}},"credHelpers":{"10.0.0.5":"vsphere"}}`, 0o600)
		}, "also holds a login for 10.0.0.5, in plain text"},
		"the CA": {func(t *testing.T, r rig) {
			if err := os.Remove(filepath.Join(r.Dir, "root/etc/docker/certs.d/10.0.0.5/ca.crt")); err != nil {
				t.Fatal(err)
			}
		}, "its CA is in no place that registry clients read\nType: kubectl vsphere registry ca 10.0.0.5"},
		"a record that cannot be read": {func(_ *testing.T, r rig) { r.WriteFile("store/registries/x.json", "{", 0o600) }, "x.json"},
		"logged out": {func(t *testing.T, r rig) {
			if err := (registry.Store{Dir: r.Store().Dir()}).UpdateRecord("10.0.0.5", func(r registry.Record) registry.Record { r.LoggedOut = true; return r }); err != nil {
				t.Fatal(err)
			}
		}, "logged out; type: docker-credential-vsphere login 10.0.0.5"},
		"a registry that is down": {func(_ *testing.T, r rig) { r.Down("10.0.0.5:443") }, "connection refused"},
		"a registry with another name": {func(_ *testing.T, r rig) { r.ServeAt("10.0.0.5:443", "10.0.0.6", r.CA, http.NotFoundHandler()) },
			"it is for 10.0.0.6, not for"},
	} {
		t.Run(name, func(t *testing.T) {
			r := registered(t)
			r.Run("doctor", "--all").Exits(failure.OK).Says("ok: registries: 10.0.0.5: its clients get a login").Omits(tc.says)
			tc.sick(t, r)
			r.Run("doctor").Exits(failure.Failed).Says("problem: registries: ", tc.says).Omits("s3cr3t", "czNjcjN0")
			r.report(t, failure.Failed)
		})
	}
}

// Each client has places of its own for CAs. What helps one does not help another.
func TestClientsOfARegistry(t *testing.T) {
	const docker, sudo = "docker does not know its CA", "kubectl vsphere registry ca 10.0.0.5 | sudo install -D -m 644 /dev/stdin "
	for name, tc := range map[string]struct {
		client, ca string // ca is where a CA is, below the world's directory
		sick       func(r rig)
		knows      bool
		says       string
	}{
		"docker as root, no CA":              {client: "docker", sick: engineOfRoot, says: docker},
		"docker as root, CA of the system":   {client: "docker", sick: engineOfRoot, ca: "root/etc/docker/certs.d", knows: true},
		"docker as root, CA of the user":     {client: "docker", sick: engineOfRoot, ca: ".config/docker/certs.d", says: docker},
		"docker as root, CA of podman":       {client: "docker", sick: engineOfRoot, ca: "root/etc/containers/certs.d", says: docker},
		"rootless docker, CA of the user":    {client: "docker", sick: rootless, ca: ".config/docker/certs.d", knows: true},
		"rootless docker, CA of the system":  {client: "docker", sick: rootless, ca: "root/etc/docker/certs.d", says: docker},
		"docker of an unknown kind":          {client: "docker", ca: ".docker/certs.d", knows: true},
		"podman, no CA":                      {client: "podman", says: "podman does not know its CA"},
		"podman, CA of docker":               {client: "podman", ca: "root/etc/docker/certs.d", knows: true},
		"podman, CA of the user":             {client: "podman", ca: ".config/containers/certs.d", knows: true},
		"buildah, CA of rootless docker":     {client: "buildah", ca: ".config/docker/certs.d", says: "buildah does not know its CA"},
		"nerdctl, CA of containerd":          {client: "nerdctl", ca: "root/etc/containerd/certs.d", knows: true},
		"helm, which has the system's roots": {client: "helm", ca: "root/etc/docker/certs.d", says: "helm does not know its CA: it has the system's roots only"},
	} {
		t.Run(name, func(t *testing.T) {
			r := registered(t)
			if err := os.RemoveAll(filepath.Join(r.Dir, "root/etc/docker/certs.d")); err != nil {
				t.Fatal(err)
			}
			r.Programs[tc.client] = r.WriteFile("bin/"+tc.client, "#!/bin/sh\n", 0o755)
			if tc.sick != nil {
				tc.sick(r)
			}
			if tc.ca != "" {
				r.WriteFile(filepath.Join(tc.ca, "10.0.0.5/ca.crt"), r.CA.PEM, 0o644)
			}
			got := check(t, r.report(t, r.Run("doctor").Code), "registries")
			var all strings.Builder
			for _, f := range got.Findings {
				all.WriteString(f.Says + "\n" + f.Remedy + "\n")
			}
			switch {
			case tc.knows && !strings.Contains(all.String(), tc.client+" knows its CA"), !strings.Contains(all.String(), tc.says):
				t.Errorf("%s", all.String())
			case tc.sick != nil && tc.says == docker && os.Geteuid() != 0 && !strings.Contains(all.String(), sudo):
				t.Errorf("%s", all.String())
			}
		})
	}
}

// engineOfRoot makes docker's engine that of the system.
func engineOfRoot(r rig) { r.WriteFile("root/var/run/docker.sock", "", 0o600) }

// rootless makes docker's engine that of the user.
func rootless(r rig) { r.Vars["DOCKER_HOST"] = "unix:///run/user/1000/docker.sock" }

// tree is each file below a directory, with its text, mode and time.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text, _ := os.ReadFile(path)
		fmt.Fprintf(&b, "%s %s %s %d %x\n", path, info.Mode(), info.ModTime(), info.Size(), text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Nothing is changed or renewed, and no password is sent, however much there is to renew and with a password at hand. A token goes to the
// server of its context and to no other.
func TestDoctorOnlyLooks(t *testing.T) {
	r := registered(t)
	change(t, r, func(s *tokens.Session) { s.Keychain = true })
	if err := keyring.Set("kubectl-vsphere", r.Session().KeychainEntry(), consoletest.Password); err != nil {
		t.Fatal(err)
	}
	r.Vars[failure.PasswordVariable] = consoletest.Password
	var mu sync.Mutex
	var sent []string
	r.Between = func(w http.ResponseWriter, req *http.Request, server http.Handler) {
		if authorization := req.Header.Get("Authorization"); authorization != "" {
			kind, _, _ := strings.Cut(authorization, " ")
			mu.Lock()
			sent = append(sent, kind+" "+req.Host)
			mu.Unlock()
		}
		server.ServeHTTP(w, req)
	}
	before := tree(t, r.Dir)
	r.Run("doctor").Exits(failure.OK)
	bearers := len(sent)
	for _, s := range sent {
		if !strings.HasPrefix(s, "Bearer ") || !strings.HasSuffix(s, ":6443") {
			t.Errorf("%q", s)
		}
	}
	r.Advance(11 * time.Hour)
	r.Run("doctor").Exits(failure.Failed)
	if after := tree(t, r.Dir); after != before {
		t.Errorf("files have changed:\n%s\n%s", before, after)
	}
	if bearers == 0 || len(sent) != bearers || r.site.Count("POST /wcp/login") > 0 || r.site.Count("GET /wcp/workloads") > 0 {
		t.Errorf("%q %q", sent, r.site.Requests())
	}
}

// What does not answer ends, and what does not even end when it is told to is a problem that says so.
func TestDoctorIsBounded(t *testing.T) {
	r := well(t)
	r.site.Replies["GET /wcp/loginbanner"] = consoletest.Slow(time.Minute)
	r.cluster().Replies["GET /version"] = consoletest.Slow(time.Minute)
	stuck := make(chan struct{})
	ended := make(chan struct{})
	var report doctor.Report
	r.Do(func(ctx context.Context, e *console.Env) {
		var err error
		report, err = doctor.Run(ctx, doctor.Options{Env: e, Limit: 300 * time.Millisecond, Registries: func(context.Context, *console.Env) ([]doctor.Finding, error) {
			<-stuck
			close(ended)
			return nil, nil
		}})
		if err != nil {
			t.Error(err)
		}
	})
	close(stuck)
	<-ended
	for _, name := range []string{"supervisors", "contexts", "registries"} {
		if c := check(t, report, name); c.State != doctor.Problem {
			t.Errorf("%+v", c)
		}
	}
	if f := check(t, report, "registries").Findings[0]; f.Says != "this check did not end within 300ms" || f.Remedy == "" {
		t.Errorf("%+v", f)
	}
}

// Texts of servers and names in files are harmless, and no line of them begins a line of ours.
func TestHostileTexts(t *testing.T) {
	const evil = `x\u001b[31m\u202e\nproblem: FORGED\u0007y`
	r := well(t)
	r.site.Replies[whoAmI] = consoletest.Reply(`{"status":{"userInfo":{"username":"` + evil + `","groups":["` + evil + `"]}}}`)
	r.site.Replies["GET /version"] = consoletest.Reply(`{"gitVersion":"` + evil + `"}`)
	r.site.Identity = map[string]string{"issuer": "https://x/\x1b[31m\nproblem: FORGED"}
	r.cluster().Replies["GET /version"] = consoletest.Status(http.StatusBadGateway, "x\x1b[31m\nproblem: FORGED")
	replace(t, r.Kubeconfig(), "contexts:\n", "contexts:\n- name: \""+evil+"\"\n  context: {cluster: nowhere, user: nobody}\n")
	for _, args := range [][]string{{"doctor"}, {"doctor", "--all"}, {"doctor", "-o", "json"}, {"doctor", "-o", "yaml"}} {
		out := r.Run(args...).Exits(failure.Failed)
		if strings.ContainsAny(out.Out+out.Err, "\x1b\x07\u202e") || strings.Contains(out.Out, "\nproblem: FORGED") || strings.Contains(out.Out, "\nFORGED") {
			t.Errorf("%q: %q %q", args, out.Out, out.Err)
		}
		if !strings.Contains(out.Out, "FORGED") {
			t.Errorf("%q: nothing of it was shown", args)
		}
	}
}

// An endless answer is cut off.
func TestEndlessAnswer(t *testing.T) {
	r := well(t)
	r.site.Replies["GET /wcp/loginbanner"] = func(w http.ResponseWriter, req *http.Request) {
		for req.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	}
	r.Run("doctor").Exits(failure.Failed).Says("problem: supervisors: 10.0.0.1: ")
}

// A wrong command line is a usage error, and nothing is asked.
func TestUsage(t *testing.T) {
	r := well(t)
	r.Run("doctor", "--context", "gone").Exits(failure.Usage).Says(`there is no context "gone" in the kubeconfig`)
	r.Run("doctor", "--server", "a b").Exits(failure.Usage).Says("--server: ")
	r.Run("doctor", "--server", "10.0.0.1", "--context", "tkc1").Exits(failure.Usage).Says("give one of them")
	path := r.WriteFile("there.zip", "mine", 0o600)
	r.Run("doctor", "--bundle", path).Exits(failure.Usage).Says("exists")
	r.Run("doctor", "--bundle", "-").Exits(failure.Usage).Says("an archive needs a file")
	if n := len(r.site.Requests()); n > 0 || r.ReadFile("there.zip") != "mine" {
		t.Error(n, r.site.Requests())
	}
	r.Run("doctor", "--bundle", filepath.Join(r.Dir, "no/such/dir.zip")).Exits(failure.Failed).Says("write the archive: ")
}

// An API server that trusts an issuer directly is no Supervisor, and that is right.
func TestWithoutASupervisor(t *testing.T) {
	w := clitest.New(t)
	w.Vars["PATH"] = filepath.Dir(w.Self)
	replies := map[string]http.HandlerFunc{}
	answers(replies)
	w.Serve("10.0.0.7:443", w.CA, http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		reply := replies[r.Method+" "+r.URL.Path]
		if reply == nil || r.Header.Get("Authorization") == "" {
			reply = consoletest.Status(http.StatusUnauthorized, "")
		}
		reply(out, r)
	}))
	replies["GET /version"] = consoletest.Reply(`{"gitVersion":"v1.33.0"}`)
	w.Issuer("sso.example")
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Run("login", "--server", "10.0.0.7", "--certificate-authority", w.CAFile, "--oidc-issuer-url", "https://sso.example", "--oidc-client-id", "kube", "--oidc-ca", w.CAFile,
		"--oidc-flow", "password", "-u", consoletest.User, "--namespaces", "ns1").Exits(failure.OK)
	w.Run("doctor", "--all").Exits(failure.OK).Says("ok: supervisors: 10.0.0.7: an API server answers", "ok: contexts: context 10.0.0.7, ns1: the server takes the token").Omits("6443")
	w.Down("10.0.0.7:443")
	w.Run("doctor").Exits(failure.Failed).Says("problem: supervisors: 10.0.0.7: ", "problem: ports: 10.0.0.7: port 443: connection refused")
}

// Contexts that use port 443, since 6443 is closed, are right.
func TestContextsAtTheFront(t *testing.T) {
	w, s := clitest.Site(t)
	answers(s.Replies)
	for _, c := range s.Namespaces[0].Clusters {
		answers(c.Replies)
	}
	w.Vars["PATH"] = filepath.Dir(w.Self)
	w.Down("10.0.0.1:6443")
	clitest.SignedIn(t, w, s)
	w.Run("doctor").Exits(failure.OK).Says("note: ports: 10.0.0.1: contexts use port 443: port 6443 did not answer at the last login")
}

// A session without verification, and a certificate that ends soon, are notes.
func TestCertificatesToKnowOf(t *testing.T) {
	r := well(t)
	r.Advance((5*365 - 10) * 24 * time.Hour)
	r.Run("doctor").Exits(failure.Failed).Says("note: certificates: 10.0.0.1: its certificate ends in 11d", "to renew it")

	w, s := clitest.Site(t)
	answers(s.Replies)
	for _, c := range s.Namespaces[0].Clusters {
		answers(c.Replies)
	}
	w.Vars["PATH"], w.Vars[failure.PasswordVariable] = filepath.Dir(w.Self), consoletest.Password
	w.Run("login", "--server", clitest.Server, "-u", consoletest.User, "--insecure-skip-tls-verify").Exits(failure.OK)
	w.Run("doctor").Says("note: certificates: 10.0.0.1: its certificate is not verified: whoever answers there gets your tokens", "--certificate-authority FILE")
}

// Without a login, and without a store, there is still something to say.
func TestWithoutALogin(t *testing.T) {
	w := clitest.New(t)
	w.Vars["PATH"] = filepath.Dir(w.Self)
	w.Run("doctor").Exits(failure.OK).Says("note: store: ", "there is no session", "Type: kubectl vsphere login --server ADDRESS -u USER")
	w.Vars["KUBECTL_VSPHERE_HOME"] = "relative"
	w.Run("doctor").Exits(failure.Failed).Says("KUBECTL_VSPHERE_HOME is not an absolute path")
}
