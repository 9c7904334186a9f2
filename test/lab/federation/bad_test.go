package federation

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/fault"
)

// faulty sends what a domain gets through the switches, as on a site.
func (d *domain) faulty(f fault.Fault) (off func()) {
	set := &fault.Set{}
	set.Add(f)
	plain := d.handler
	d.handler = set.Middleware(func(*http.Request) string { return "10.0.0.1" }, fault.Named{Handler: plain, Who: d.service.Who})
	return func() { d.handler = plain }
}

// Section 2.6: an upstream that is down is told as one that says no, and by another code at a login. Nothing ends by that.
func TestUpstreamIsDown(t *testing.T) {
	d := newDomain(t)
	refresh := refreshing(d.login()["refresh_token"].(string))
	up := d.faulty(fault.Fault{UpstreamDown: true})
	if status, reply := d.token(refresh); status != http.StatusUnauthorized || reply["error"] != "error" ||
		reply["error_description"] != "Error during upstream refresh. Upstream refresh failed." {
		t.Errorf("%d %v", status, reply)
	}
	if _, to := d.authorize(authorization(), "secret"); to.Get("error") != "error" || !strings.Contains(to.Get("error_description"), "upstream LDAP") {
		t.Errorf("%v", to)
	}
	up()
	if status, _ := d.token(refresh); status != http.StatusOK {
		t.Errorf("when it is back: %d", status)
	}
}

// A policy of the administrators speaks in other words, and by the same codes.
func TestPolicy(t *testing.T) {
	d := newDomain(t)
	refresh := refreshing(d.login()["refresh_token"].(string))
	off := d.faulty(fault.Fault{Policy: "only ops"})
	if status, reply := d.token(refresh); status != http.StatusUnauthorized || reply["error"] != "error" ||
		reply["error_description"] != "Error during upstream refresh. Upstream refresh rejected by configured identity policy: only ops." {
		t.Errorf("%d %v", status, reply)
	}
	if _, to := d.authorize(authorization(), "secret"); to.Get("error") != "access_denied" || !strings.HasSuffix(to.Get("error_description"), "rejected this authentication: only ops.") {
		t.Errorf("%v", to)
	}
	off()
	if status, _ := d.token(refresh); status != http.StatusOK {
		t.Errorf("without it: %d", status)
	}
}

// A transform names the user in all tokens; the upstream goes by its own name at a refresh.
func TestNamePrefix(t *testing.T) {
	again := ""
	d := newDomainOf(t, func(*domain) []Upstream {
		return []Upstream{{Name: "other", Type: "ldap", Flows: []string{"cli_password"}, NamePrefix: "corp:",
			Check: func(name, _ string) (User, bool) { return User{Username: name + "@example.test"}, true },
			Again: func(name string) bool { again = name; return true }}}
	})
	q := authorization()
	q.Set("pinniped_idp_name", "other")
	_, to := d.authorize(q, "x")
	_, reply := d.token(redemption(to.Get("code")))
	_, reply = d.token(refreshing(reply["refresh_token"].(string)))
	if name := d.claims(reply["id_token"].(string))["username"]; name != "corp:ryan@example.test" || again != "ryan@example.test" {
		t.Errorf("%v, %s", name, again)
	}
	r := httptest.NewRequest(http.MethodPost, "https://10.0.0.1/wcp/pinniped/oauth2/token", strings.NewReader(url.Values{"refresh_token": {reply["refresh_token"].(string)}}.Encode()))
	if who := d.service.Who(r); who != "ryan@example.test" {
		t.Errorf("faults are for %s", who)
	}
}
