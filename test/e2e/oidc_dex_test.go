package e2e

import (
	"strings"
	"sync"
	"testing"
)

// With Dex as the identity provider of the Supervisor: the person is sent on to it, and every refresh goes through to it.
func TestOIDCThroughDex(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, map[string]any{"providers": []string{"lab-dex"}, "lifetimes": map[string]string{"access": "8s"}})
	u, h := lister(t), newHome(t)
	opened := h.fakeBrowser(t)
	i.browserLogin(t, h, u, opened, 1)
	for range 2 {
		h.endCredentials(t)
		before := i.requests(t)["token"]
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				if out, code := h.run(t, "kubectl", "--context", "tkc1", "get", "--raw", "/version"); code != 0 {
					t.Errorf("%d %s", code, out)
				}
			})
		}
		all.Wait()
		if got := i.requests(t)["token"] - before; got != 2 {
			t.Errorf("%d requests of tokens, not a refresh and an exchange", got)
		}
	}
}

// The password goes to Dex by the headers; a wrong one has the generic text, and is sent once.
func TestOIDCPasswordThroughDex(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, map[string]any{"providers": []string{"lab-dex"}})
	u, h := lister(t), newHome(t)
	wrong := h.command(i.loginArgs("--oidc-flow", "password", "-u", u.Username)...)
	wrong.Env = append(wrong.Env, "KUBECTL_VSPHERE_PASSWORD=wrong")
	if out, err := wrong.CombinedOutput(); exitCode(err) != 3 || !strings.Contains(string(out), "refused") {
		t.Errorf("%v %s", err, out)
	}
	if got := i.requests(t); got["authorize"] != 1 || got["token"] != 0 {
		t.Errorf("%v", got)
	}
	i.password(t, h, u)
	if out, code := h.run(t, "kubectl", "--context", "tkc1", "get", "--raw", "/version"); code != 0 {
		t.Errorf("%d %s", code, out)
	}
}

// Of several identity providers one is named, or picked at a terminal; without either they are listed.
func TestOIDCSeveralProviders(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, map[string]any{"providers": []string{"lab-ldap", "lab-dex"}})
	u := lister(t)
	t.Run("not named", func(t *testing.T) {
		h := newHome(t, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
		out, code := h.run(t, i.loginArgs("-u", u.Username)...)
		if code != 2 || !strings.Contains(out, "--identity-provider: lab-dex, lab-ldap") {
			t.Errorf("%d %s", code, out)
		}
		out, code = h.run(t, i.loginArgs("-u", u.Username, "--identity-provider", "okta")...)
		if code != 2 || !strings.Contains(out, `there is no "okta"; there are: lab-dex, lab-ldap`) {
			t.Errorf("%d %s", code, out)
		}
	})
	t.Run("named, and remembered", func(t *testing.T) {
		h := newHome(t, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
		for _, args := range [][]string{i.loginArgs("-u", u.Username, "--identity-provider", "lab-ldap"), {"kubectl-vsphere", "login"}, i.loginArgs("-u", u.Username)} {
			if out, code := h.run(t, args...); code != 0 {
				t.Errorf("%v: %d %s", args, code, out)
			}
		}
	})
	t.Run("picked", func(t *testing.T) {
		h := newHome(t)
		term := h.onTerminal(t, i.loginArgs()...)
		term.expect("Number or name: ")
		term.enter("2\r")
		term.expect("Username: ") // LDAP prefers a password.
		term.enter(u.Username + "\r")
		term.expect("Password: ")
		term.enter(u.Password + "\r")
		if code := term.wait(); code != 0 || strings.Contains(term.output(), u.Password) {
			t.Errorf("%d %s", code, term.output())
		}
	})
}

// What is not said decides itself, and that is said.
func TestOIDCAuto(t *testing.T) {
	t.Parallel()
	with, u := newIssuer(t, nil), newUser(t, "ns1")
	login := func(server string) []string {
		return []string{"kubectl-vsphere", "login", "--server", server, "--certificate-authority", site.Supervisors[0].CA}
	}
	t.Run("an identity provider", func(t *testing.T) {
		term := newHome(t).onTerminal(t, login(with.server)...)
		term.expect("Logging in by the identity provider of this Supervisor.")
		term.interrupt()
	})
	t.Run("none", func(t *testing.T) {
		term := newHome(t).onTerminal(t, login(site.Supervisors[0].Server)...)
		term.expect("this Supervisor has no external identity provider")
		term.expect("Username: ")
		term.interrupt()
	})
	t.Run("a user name", func(t *testing.T) {
		h, unasked := newHome(t, "KUBECTL_VSPHERE_PASSWORD="+u.Password), newIssuer(t, nil)
		out, code := h.run(t, append(login(unasked.server), "-u", u.Username)...)
		if code != 0 || !strings.Contains(out, "Logging in with vCenter Single Sign-On, since -u is given.") {
			t.Errorf("%d %s", code, out)
		}
		for _, r := range unasked.log(t) {
			if strings.HasSuffix(r.Endpoint, "pinniped-info") {
				t.Error("the identity provider was asked for")
			}
		}
	})
	t.Run("a password", func(t *testing.T) {
		h := newHome(t, "KUBECTL_VSPHERE_PASSWORD="+u.Password)
		term := h.onTerminal(t, login(with.server)...)
		term.expect("Logging in with vCenter Single Sign-On, since KUBECTL_VSPHERE_PASSWORD is given.")
		term.expect("Username: ")
		term.enter(u.Username + "\r")
		if code := term.wait(); code != 0 {
			t.Errorf("%d %s", code, term.output())
		}
		// The next login does the same again, unless it is told otherwise: who it was then is not who it is now.
		out, code := h.run(t, "kubectl-vsphere", "login")
		if code != 0 || !strings.Contains(out, " again as "+u.Username+", with vCenter Single Sign-On.") {
			t.Errorf("%d %s", code, out)
		}
		out, _ = h.run(t, "kubectl-vsphere", "login", "--auth-method", "oidc", "--oidc-flow", "password")
		if !strings.Contains(out, "Logging in to "+with.server+".\n") || strings.Contains(out, "-u says") {
			t.Errorf("%s", out)
		}
	})
	t.Run("asked for without a provider", func(t *testing.T) {
		out, code := newHome(t).run(t, append(login(site.Supervisors[0].Server), "--auth-method", "oidc")...)
		if code != 1 || !strings.Contains(out, "no external identity provider") || !strings.Contains(out, "--auth-method sso") {
			t.Errorf("%d %s", code, out)
		}
	})
}
