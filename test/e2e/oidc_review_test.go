package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An issuer without a Supervisor is verified by its own CA or the system's roots at every renewal, whatever is believed of the API
// server: another CA for that one sends no refresh token to a stranger. If that one was never verified, nothing is renewed without a person.
func TestPlainIssuerIsVerifiedAtRenewals(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{
		"a CA of the API server": {"--certificate-authority", filepath.Join(labDir(), "tkg1", "ca.crt")}, "insecure": {"--insecure-skip-tls-verify"},
	} {
		t.Run(name, func(t *testing.T) {
			u, h := newUser(t, "ns1"), newHome(t)
			login := h.command(append([]string{
				"kubectl-vsphere", "login", "--server", tkc1(t), "--oidc-issuer-url", site.OIDC.Issuer, "--oidc-client-id", site.OIDC.ClientID,
				"--oidc-scopes", "email", "--oidc-flow", "password", "-u", u.Username}, flags...)...)
			login.Env = append(login.Env, "KUBECTL_VSPHERE_PASSWORD="+u.Password, "SSL_CERT_FILE="+site.OIDC.CA)
			if out, err := login.CombinedOutput(); err != nil {
				t.Fatalf("%v %s", err, out)
			}
			h.endCredentials(t)
			h.endTokens(t)
			before := refreshToken(t, h)
			get := func(env ...string) (string, int) {
				cmd := h.command("kubectl-vsphere", "get-token", "--server", tkc1(t), "--user", u.Username)
				cmd.Env = append(cmd.Env, env...)
				out, err := cmd.CombinedOutput()
				return string(out), exitCode(err)
			}
			if name == "insecure" {
				if out, code := get("SSL_CERT_FILE=" + site.OIDC.CA); code != 1 || !strings.Contains(out, "is not renewed without a person") || refreshToken(t, h) != before {
					t.Errorf("unattended: %d %.300s", code, out)
				}
				return
			}
			if out, code := get(); code != 4 || !strings.Contains(out, "not trusted") || refreshToken(t, h) != before {
				t.Errorf("an issuer that nothing vouches for: %d %.300s", code, out)
			}
			if out, code := get("SSL_CERT_FILE=" + site.OIDC.CA); code != 0 || refreshToken(t, h) == before {
				t.Errorf("by the system's roots: %d %.300s", code, out)
			}
		})
	}
}

// A password command that was named for vCenter Single Sign-On is not run for the identity provider, nor the other way.
func TestPasswordsOfMethodsAreApart(t *testing.T) {
	t.Parallel()
	i, u, h := newIssuer(t, nil), lister(t), newHome(t)
	calls, script := filepath.Join(h.dir, "calls"), filepath.Join(h.dir, "password")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho called >> "+calls+"\necho '"+u.Password+"'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	sso := []string{"kubectl-vsphere", "login", "--server", i.server, "--certificate-authority", site.Supervisors[0].CA, "--auth-method", "sso", "-u", u.Username}
	for _, step := range []struct{ with, without []string }{
		{append(sso, "--password-command", script), i.loginArgs("--oidc-flow", "password", "-u", u.Username)},
		{i.loginArgs("--oidc-flow", "password", "-u", u.Username, "--password-command", script), sso},
	} {
		if out, code := h.run(t, step.with...); code != 0 {
			t.Fatalf("%v: %d %s", step.with, code, out)
		}
		_ = os.Remove(calls)
		if out, code := h.run(t, step.without...); code != 2 || !strings.Contains(out, "no terminal") {
			t.Errorf("%v: %d %s", step.without, code, out)
		}
		if _, err := os.Stat(calls); err == nil {
			t.Errorf("%v: the command of the other method was run", step.without)
		}
	}
}

// A cluster whose Concierge comes later is used through it from then on.
func TestOIDCConciergeComes(t *testing.T) {
	t.Parallel()
	i, u, h := newIssuer(t, nil), lister(t), newHome(t)
	i.password(t, h, u)
	mend := switchFault(t, map[string]any{"user": u.Username, "cluster": "ns1/tkc1", "conciergeGone": true})
	if out, code := h.run(t, "kubectl", "--context", "tkc1", "get", "pods"); code == 0 {
		t.Errorf("without a Concierge: %s", out)
	}
	mend()
	h.endCredentials(t)
	if out, code := h.run(t, "kubectl", "--context", "tkc1", "get", "pods"); code != 0 {
		t.Errorf("then: %d %s", code, out)
	}
}

// A session that its issuer refused is told as ended.
func TestOIDCStatusOfARefusedSession(t *testing.T) {
	t.Parallel()
	i, u, h := shortAccess(t), lister(t), newHome(t)
	i.password(t, h, u)
	h.endCredentials(t)
	i.fault(t, refusals["pinniped"])
	h.run(t, "kubectl", "--context", "tkc1", "get", "pods")
	if out, _ := h.run(t, "kubectl-vsphere", "status"); strings.Contains(out, "renews itself") || !strings.Contains(out, "has ended; type: kubectl vsphere login") {
		t.Error(out)
	}
}

// What is typed after the browser was done answers the next question: no line is lost to the one that nobody waits for any more.
func TestOIDCNextQuestionGetsItsAnswer(t *testing.T) {
	t.Parallel()
	u, err := addUser("oidc-next-question", "nosecrets", "ns1")
	if err != nil {
		t.Fatal(err)
	}
	i, h := newIssuer(t, nil), newHome(t)
	opened := h.fakeBrowser(t)
	term := h.onTerminal(t, "kubectl-vsphere", "login", "--server", i.server, "--auth-method", "oidc", "--oidc-flow", "browser",
		"--namespaces", "ns1")
	term.expect("[y/N] ") // the Supervisor
	term.enter("y\r")
	start := page(t, opened, 1)
	term.expect("here: ")
	term.enter("\r") // is no answer, and no end
	term.expect("neither a code")
	logInAt(t, start, u.Username, u.Password)
	term.expect("The certificate of " + tkc1(t))
	term.expect("[y/N] ")
	term.enter("y\r")
	if code := term.wait(); code != 0 || !strings.Contains(term.output(), "   tkc1") {
		t.Errorf("%d %s", code, term.output())
	}
}
