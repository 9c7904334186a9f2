package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// newRegistry adds a registry to the site.
func newRegistry(t *testing.T, spec map[string]any) (host string) {
	t.Helper()
	needsRegistry(t)
	var out struct{ Host string }
	if err := adminCall(http.MethodPost, "registries", spec, &out); err != nil {
		t.Fatal(err)
	}
	return out.Host
}

// authorized is how many requests of a registry came with a login.
func authorized(t *testing.T, host string) int {
	t.Helper()
	var out struct{ Authorized int }
	if err := adminCall(http.MethodGet, "registries/"+host, nil, &out); err != nil {
		t.Fatal(err)
	}
	return out.Authorized
}

// A registry that is not proven to belong to the Supervisor gets neither a token nor a password, whichever way it is met.
func TestRegistryHostile(t *testing.T) {
	t.Parallel()
	catcher := newRegistry(t, nil)
	for name, tc := range map[string]struct {
		spec map[string]any
		says string
	}{
		"another endpoint":           {map[string]any{"endpoint": "https://192.0.2.1/wcp/login"}, "not a control plane host of your login"},
		"its own endpoint":           {map[string]any{"endpoint": "https://" + catcher + "/wcp/login"}, "not a control plane host of your login"},
		"an endpoint without TLS":    {map[string]any{"endpoint": "http://" + site.Supervisors[0].Server + "/wcp/login"}, "not a control plane host of your login"},
		"an endpoint that pretends":  {map[string]any{"endpoint": "https://" + site.Supervisors[0].Server + "@" + catcher + "/"}, "not a control plane host of your login"},
		"another CA":                 {map[string]any{"otherCA": true}, "certificate"},
		"another CA, and a redirect": {map[string]any{"otherCA": true, "redirect": "https://" + catcher + "/"}, "certificate"},
		"a redirect":                 {map[string]any{"redirect": "https://" + catcher + "/", "endpoint": "https://192.0.2.1/wcp/login"}, "not a control plane host of your login"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := newRegistry(t, tc.spec)
			h := newRegistryHome(t) // With a good registry beside it.
			h.setenv("KUBECTL_VSPHERE_PASSWORD", h.user.Password)
			for _, args := range [][]string{
				{"kubectl-vsphere", "registry", "add", host}, {"docker-credential-vsphere", "login", host, "-u", h.user.Username},
				{"kubectl-vsphere", "registry", "robot", "create", host, "-n", "ns1"},
			} {
				out, code := h.tool("", args...)
				if code == 0 || args[2] == "add" && !strings.Contains(out, tc.says) || strings.Contains(out, h.user.Password) {
					t.Errorf("%s: %d %s", strings.Join(args, " "), code, out)
				}
			}
			for _, url := range []string{host, "https://" + host, h.host + "@" + host, "https://" + h.host + "@" + host + "/v2/"} {
				if out, code := h.get(url); code == 0 || strings.Contains(out, "Secret") {
					t.Errorf("get %s: %d %s", url, code, out)
				}
			}
			for _, args := range [][]string{{"crane", "ls", host + "/ns1/x"}, {"regctl", "tag", "ls", host + "/ns1/x"}, {"oras", "repo", "tags", host + "/ns1/x"}} {
				h.tool("", args...)
			}
			if n := authorized(t, host); n != 0 {
				t.Errorf("it got %d logins", n)
			}
		})
	}
	t.Cleanup(func() {
		if n := authorized(t, catcher); n != 0 {
			t.Errorf("where redirects lead got %d logins", n)
		}
	})
}

// A registry that passed once and then shows another face, under --send-token-to and without: no password, ever, for the one that was only named.
func TestRegistryThatWasNamedGetsNoPassword(t *testing.T) {
	t.Parallel()
	host := newRegistry(t, map[string]any{"endpoint": "https://192.0.2.1/wcp/login"})
	h := newRegistryHome(t)
	out, code := h.tool("", "kubectl-vsphere", "registry", "add", host, "--send-token-to", "other.example")
	if code != 2 || authorized(t, host) != 0 {
		t.Errorf("the wrong name: %d %s", code, out)
	}
	out, code = h.tool("", "kubectl-vsphere", "registry", "add", host)
	if code != 1 || !strings.Contains(out, "--send-token-to "+host) {
		t.Errorf("%d %s", code, out)
	}
	h.ok(t, "kubectl-vsphere", "registry", "add", host, "--send-token-to", host)
	n := authorized(t, host)
	if n == 0 {
		t.Fatal("it got no token though it was named")
	}
	h.setenv("KUBECTL_VSPHERE_PASSWORD", h.user.Password)
	out, code = h.tool("", "kubectl-vsphere", "registry", "robot", "create", host, "-n", "ns1")
	if code == 0 || !strings.Contains(out, "password is not sent") || authorized(t, host) != n {
		t.Errorf("%d %s", code, out)
	}
}

// Consent to send a token is for one login: not for the next user who logs in, and not for a login at another Supervisor.
func TestRegistryConsentIsForOneLogin(t *testing.T) {
	t.Parallel()
	host := newRegistry(t, map[string]any{"endpoint": "https://192.0.2.1/wcp/login"})
	h := newRegistryHome(t)
	h.ok(t, "kubectl-vsphere", "registry", "add", host, "--send-token-to", host)
	n := authorized(t, host)
	admin, err := addUser("consent-admin", "admin")
	if err != nil {
		t.Fatal(err)
	}
	h.login(t, admin, "--workload-clusters", "none")
	if out, code := h.tool("", "kubectl-vsphere", "registry", "add", host, "-u", admin.Username); code == 0 || !strings.Contains(out, "--send-token-to") {
		t.Errorf("%d %s", code, out)
	}
	if got := authorized(t, host); got != n {
		t.Errorf("the token of somebody else was sent, %d times", got-n)
	}
	if out, _ := h.get(host); !strings.Contains(out, h.user.Username) {
		t.Errorf("it is not the first login's any more: %s", out)
	}
	// Where it could be either's, somebody must say whose; a login at another Supervisor than the registry's is not meant.
	other := newRegistry(t, map[string]any{"otherCA": true})
	out, _ := h.tool("", "kubectl-vsphere", "registry", "ca", other)
	_, sum, _ := strings.Cut(out, "SHA-256: ")
	sum, _, _ = strings.Cut(sum, "\n")
	h.ok(t, "kubectl-vsphere", "registry", "ca", other, "--ca-fingerprint", sum, "--certs-dir", filepath.Join(h.dir, "certs"))
	add := []string{"kubectl-vsphere", "registry", "add", other, "--certificate-authority", filepath.Join(h.dir, "certs", other, "ca.crt"), "--send-token-to", other}
	if out, code := h.tool("", add...); code != 2 || !strings.Contains(out, "-u "+h.user.Username) || !strings.Contains(out, "-u "+admin.Username) || authorized(t, other) != 0 {
		t.Errorf("%d %s", code, out)
	}
	h.ok(t, "kubectl-vsphere", "logout", "--server", site.Supervisors[0].Server, "-u", admin.Username)
	h.setenv("KUBECTL_VSPHERE_PASSWORD", admin.Password)
	h.ok(t, "kubectl-vsphere", "login", "--server", site.Supervisors[1].Server, "-u", admin.Username, "--certificate-authority", site.Supervisors[1].CA, "--workload-clusters", "none")
	h.setenv("KUBECTL_VSPHERE_PASSWORD", "")
	h.ok(t, add...)
	if out, _ := h.get(other); !strings.Contains(out, h.user.Username) {
		t.Errorf("it got the login of another Supervisor: %s", out)
	}
}

// A redirect of the token service is not followed, also by a registry that is of the Supervisor.
func TestRegistryRedirect(t *testing.T) {
	t.Parallel()
	catcher := newRegistry(t, nil)
	host := newRegistry(t, map[string]any{"redirect": "https://" + catcher + "/"})
	h := newRegistryHome(t)
	out, code := h.tool("", "kubectl-vsphere", "registry", "add", host)
	if code == 0 || authorized(t, catcher) != 0 {
		t.Errorf("%d %s; %d logins elsewhere", code, out, authorized(t, catcher))
	}
}

// Sessions that verify nothing, or by roots that vouch for everybody, prove nothing of a registry.
func TestRegistryOfALooseSession(t *testing.T) {
	t.Parallel()
	needsRegistry(t)
	for name, flags := range map[string][]string{
		"insecure": {"--insecure-skip-tls-verify"}, "system": {"--certificate-authority", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := helperHome(t)
			u := newUser(t, "ns1")
			h.setenv("KUBECTL_VSPHERE_PASSWORD", u.Password)
			args := append([]string{"kubectl-vsphere", "login", "--server", site.Supervisors[0].Server, "-u", u.Username, "--workload-clusters", "none"}, flags...)
			if name == "system" {
				args = args[:len(args)-2] // SSL_CERT_FILE has the lab's CA.
			}
			h.ok(t, args...)
			host := newRegistry(t, nil)
			out, code := h.tool("", "kubectl-vsphere", "registry", "add", host)
			if code == 0 || !strings.Contains(out, "--send-token-to "+host) || authorized(t, host) != 0 {
				t.Errorf("%d %s", code, out)
			}
			h.ok(t, "kubectl-vsphere", "registry", "add", host, "--send-token-to", host)
			if out, code := h.get(host); code != 0 {
				t.Errorf("%d %s", code, out)
			}
		})
	}
}

// What a registry is decides what a client gets (reference docker-credentials.md, 3.3).
func TestRegistryKinds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spec     map[string]any
		username string // "": none
		says     string
		logins   int
	}{
		"Harbor 1":            {map[string]any{"version": "v1.10.19"}, "tokenreview$USER", "", 1},
		"Harbor 2, patched":   {nil, "tokenreview$USER", "", 1},
		"names of Kubernetes": {map[string]any{"reviewPrefix": "sso:"}, "", "robot create", 2}, // Basic authentication cannot carry the colon.
		"stock Harbor 2":      {map[string]any{"refuseTokens": true}, "", "robot create", 2},
		"its own users":       {map[string]any{"mode": "db_auth"}, "", "docker login", 0},
		"LDAP":                {map[string]any{"mode": "ldap_auth"}, "", "docker login", 0},
		"an OIDC provider":    {map[string]any{"mode": "oidc_auth"}, "", "docker login", 0},
		"a mode of some time": {map[string]any{"mode": "quantum_auth"}, "", "docker login", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := newRegistry(t, tc.spec)
			h := newRegistryHome(t)
			out, code := h.tool("", "kubectl-vsphere", "registry", "add", host)
			if (code == 0) != (tc.username != "") || !strings.Contains(out, tc.says) {
				t.Errorf("add: %d %s", code, out)
			}
			if n := authorized(t, host); n != tc.logins {
				t.Errorf("%d requests with a login", n)
			}
			got, code := h.get(host)
			want := `"Username":"` + strings.ReplaceAll(tc.username, "USER", h.user.Username) + `"`
			if tc.username != "" && (code != 0 || !strings.Contains(got, want)) || tc.username == "" && (code == 0 || !strings.Contains(got, tc.says)) {
				t.Errorf("get: %d %s", code, got)
			}
		})
	}
}

// A registry with users of its own: docker login keeps them, in a file of ours.
func TestRegistryWithUsersOfItsOwn(t *testing.T) {
	t.Parallel()
	host := newRegistry(t, map[string]any{"mode": "db_auth", "users": []any{map[string]any{"username": "robin", "password": "Secret-9", "projects": map[string]string{"ns1": "push"}}}})
	h := newRegistryHome(t)
	h.tool("", "kubectl-vsphere", "registry", "add", host)
	for _, args := range [][]string{
		{"crane", "auth", "login", host, "-u", "robin", "-p", "Secret-9"},
		{"crane", "append", "-f", h.layer(t), "-t", host + "/ns1/own:1"},
		{"crane", "manifest", host + "/ns1/own:1"},
	} {
		h.ok(t, args...)
	}
	text, err := os.ReadFile(filepath.Join(h.dir, ".docker", "config.json"))
	if err != nil || strings.Contains(string(text), "Secret-9") || strings.Contains(string(text), `"auth"`) {
		t.Errorf("%v %s", err, text)
	}
	h.ok(t, "crane", "auth", "logout", host)
	if out, code := h.get(host); code == 0 || strings.Contains(out, "Secret-9") {
		t.Errorf("%d %s", code, out)
	}
}
