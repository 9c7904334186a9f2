package sitecmd_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

const siteHeadings = "NAME SERVER USER TOKEN LOGIN TRUST CONTEXTS"

// Sites are those of the store: no server is asked. A logout leaves what is known of them.
func TestListSites(t *testing.T) {
	w, s := signedIn(t)
	wantLines(t, w.Run("list", "sites").Exits(failure.OK), siteHeadings, "- 10.0.0.1 dev@vsphere.local good for 10h sso CA file 5")
	w.Run("list", "sites", "-o", "name").Exits(failure.OK).Says("10.0.0.1\n")
	w.Run("sites", "rename", "10.0.0.1", "Prod").Exits(failure.OK).Says("10.0.0.1 is now called prod.")
	wantLines(t, w.Run("list", "sites").Exits(failure.OK), siteHeadings, "prod 10.0.0.1 dev@vsphere.local good for 10h sso CA file 5")
	if len(s.Requests()) > 0 {
		t.Errorf("%q", s.Requests())
	}
	w.Run("logout").Exits(failure.OK)
	wantLines(t, w.Run("list", "sites").Exits(failure.OK), siteHeadings, "prod 10.0.0.1 dev@vsphere.local logged out sso CA file -")
	wantLines(t, w.Run("list", "sites", "-o", "name").Exits(failure.OK), "prod")
}

// Each Supervisor is one line, whatever is known of it: several users, an identity provider, a name alone, a file that cannot be read.
func TestListSitesOfAllSorts(t *testing.T) {
	const eve = "eve@vsphere.local"
	w, s := signedIn(t)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	s.Users = map[string]string{eve: consoletest.Password, consoletest.User: consoletest.Password}
	w.Run("login", "--server", "10.0.0.1", "-u", eve, "--insecure-skip-tls-verify", "--name", "prod").Exits(failure.OK)
	w.Supervisor("10.0.0.2").Users = s.Users
	w.Run("login", "--server", "10.0.0.2", "-u", eve, "--insecure-skip-tls-verify", "--name", "lab").Exits(failure.OK)
	w.Run("logout", "--server", "lab").Exits(failure.OK)
	third := w.Supervisor("10.0.0.3")
	third.Federate("", consoletest.LDAP())
	w.Run("login", "--server", "10.0.0.3", "-u", consoletest.User, "--auth-method", "oidc", "--identity-provider", "ldap", "--certificate-authority", w.CAFile,
		"--context-prefix", "x-", "--api-port", "443", "--name", "far").Exits(failure.OK)
	w.WriteFile("store/sites/10.0.0.4.json", "{", 0o600)
	r := w.Run("list", "sites", "-o", "wide").Exits(failure.OK).Says("warning: how 10.0.0.4 is verified is not known: ", "store/sites/10.0.0.4.json cannot be read")
	r.Out = regexp.MustCompile(`good for \S+`).ReplaceAllString(r.Out, "good")
	wantLines(t, r, siteHeadings+" PREFIX API PORT ISSUER",
		"prod 10.0.0.1 eve@vsphere.local, dev@vsphere.local good sso not verified, CA file 10 - - -",
		"lab 10.0.0.2 - logged out - - - - - -",
		"far 10.0.0.3 dev@vsphere.local good oidc: ldap CA file 1 x- 443 https://10.0.0.3/wcp/pinniped",
		"- 10.0.0.4 - logged out - cannot be read - - - -")
	var out struct {
		Items []struct {
			Server, Site, Name string
			Columns            map[string]string
		}
	}
	if err := json.Unmarshal([]byte(w.Run("list", "sites", "-o", "json").Exits(failure.OK).Out), &out); err != nil || len(out.Items) != 4 {
		t.Fatalf("%v %+v", err, out)
	}
	if one := out.Items[0]; one.Server != "10.0.0.1" || one.Site != "prod" || one.Name != "prod" || one.Columns["TRUST"] != "not verified, CA file" {
		t.Errorf("%+v", one)
	}
	if one := out.Items[3]; one.Server != "10.0.0.4" || one.Site+one.Name != "" {
		t.Errorf("%+v", one)
	}
	wantLines(t, w.Run("list", "sites", "-o", "name", "--sort-by", "name").Exits(failure.OK), "far", "lab", "prod", "10.0.0.4")
	w.Run("list", "sites", "-o", "yaml", "--server", "lab").Exits(failure.OK).Says("name: lab").Omits("prod", "10.0.0.4")
}

// Lists show what a person calls a server, where there are several, and programs get both.
func TestListShowsNames(t *testing.T) {
	w, s := signedIn(t)
	other := w.Supervisor("10.0.0.2", &consoletest.Namespace{Name: "ns1"})
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Run("login", "--server", "10.0.0.2", "-u", consoletest.User, "--certificate-authority", w.CAFile, "--name", "lab").Exits(failure.OK)
	for _, each := range []*consoletest.Supervisor{s, other} {
		each.Hidden = true
		each.Hold(capi(cluster("ns1", "tkc9", ready)))
	}
	wantLines(t, w.Run("list", "clusters").Exits(failure.OK), "SERVER NAMESPACE NAME CONTEXT TOKEN VERSION UPGRADES NODES ENDPOINT STATE",
		"10.0.0.1 ns1 tkc9 - none "+release+" v1.34.1---vmware.1-fips-vkr.4 +1 2/3 10.0.0.11:6443 ready",
		"lab ns1 tkc9 - none "+release+" v1.34.1---vmware.1-fips-vkr.4 +1 2/3 10.0.0.11:6443 ready")
	wantLines(t, w.Run("list", "namespaces", "--server", "lab").Exits(failure.OK), "NAME CONTEXT CLUSTERS VMS STATE", "ns1 ns1-lab 1 ? open")
	r := w.Run("list", "clusters", "-o", "json").Exits(failure.OK).Says(`"server": "10.0.0.2"`, `"site": "lab"`)
	if strings.Count(r.Out, `"site"`) != 1 {
		t.Errorf("%s", r.Out)
	}
	w.Run("list", "clusters", "--server", "prdo").Exits(failure.Failed).Says("there is no session at prdo; there are sessions at 10.0.0.1, lab")
}
