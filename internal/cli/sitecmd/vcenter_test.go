package sitecmd_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest/vcentertest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

const vc = "vc.example.com"

// ofVCenter is a world with a vCenter, whose password is at hand.
func ofVCenter(t *testing.T, all ...vcentertest.Supervisor) (*consoletest.World, *vcentertest.Server) {
	t.Helper()
	w := clitest.New(t)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	return w, vcentertest.Serve(t, w, vc, all...)
}

func sites(w *consoletest.World, more ...string) []string {
	return append([]string{"list", "sites", "--vcenter", vc, "-u", consoletest.User, "--certificate-authority", w.CAFile}, more...)
}

var (
	first  = vcentertest.Supervisor{Name: "sup1", Endpoint: "10.0.0.1", Version: "v1.30.5+vmware.4-fips-vsc0.1.11", Network: "VSPHERE_NETWORK"}
	second = vcentertest.Supervisor{Name: "sup2", Endpoint: "10.0.0.2:6443", Version: "v1.9.0", Network: "NSX_VPC", Zones: []string{"zone-a", "zone-b", "zone-c"}}
	third  = vcentertest.Supervisor{Name: "sup3", Network: "NEW_NETWORK", Version: "v1.31.0", Config: "CONFIGURING", Kubernetes: "WARNING", Zones: []string{"zone-d", "zone-e"}}
)

// spent fails the test unless the vCenter got the password once, and its session is ended.
func spent(t *testing.T, v *vcentertest.Server, logins int) {
	t.Helper()
	if v.Logins() != logins || v.Open() != 0 {
		t.Errorf("%d logins, not %d; %d sessions are open: %q", v.Logins(), logins, v.Open(), v.Requests())
	}
}

func TestListOfAVCenter(t *testing.T) {
	w, v := ofVCenter(t, second, first, third)
	r := w.Run(sites(w)...).Exits(failure.OK)
	wantLines(t, r, "SUPERVISOR ADDRESS ZONES VERSION NETWORKING STATE",
		"sup1 10.0.0.1 zone-1 v1.30.5+vmware.4-fips-vsc0.1.11 vSphere ready",
		"sup2 10.0.0.2 zone-a,zone-b,zone-c v1.9.0 NSX VPC ready",
		"sup3 - zone-d,zone-e v1.31.0 NEW_NETWORK configuring, warning")
	if r.Err != "" {
		t.Errorf("%q", r.Err)
	}
	spent(t, v, 1)
	wantLines(t, w.Run(sites(w, "-o", "name")...).Exits(failure.OK), "10.0.0.1", "10.0.0.2")
	w.Run(sites(w, "-o", "wide")...).Exits(failure.OK).Says("CLUSTERS", "cluster-domain-c10,cluster-domain-c11,cluster-domain-c12")
	w.Run(sites(w, "-o", "json")...).Exits(failure.OK).Says(`"server": "10.0.0.2"`, `"name": "sup2"`, `"ZONES": "zone-a,zone-b,zone-c"`)
	if got := lines(w.Run(sites(w, "--sort-by", "version")...).Exits(failure.OK).Out); !strings.HasPrefix(got[1], "sup2 ") {
		t.Errorf("%q", got)
	}
	v.Supervisors = nil
	w.Run(sites(w)...).Exits(failure.OK).Says("There are no Supervisors.")
	wantLines(t, w.Run(sites(w, "-o", "json")...).Exits(failure.OK), "{", `"kind": "sites",`, `"items": []`, "}")
	spent(t, v, 7)
	w.Run("status", "-o", "json").Exits(failure.OK).Omits(vc) // A vCenter is no Supervisor.
	w.Run("list", "sites").Omits(vc)
	w.Run("__complete", "login", "--vcenter", "").Says(vc)
}

// A user who may not list Supervisors gets the addresses of those that have their vSphere Namespaces.
func TestListOfAVCenterWithoutRights(t *testing.T) {
	w, v := ofVCenter(t, first, second)
	v.Administrators, v.Namespaces = nil, map[string]string{"ns1": "10.0.0.1", "ns2": "10.0.0.2", "ns3": "10.0.0.2"}
	r := w.Run(sites(w)...).Exits(failure.OK).Says("note: the vCenter vc.example.com does not show you all of its Supervisors")
	wantLines(t, r, "SUPERVISOR ADDRESS ZONES VERSION NETWORKING STATE", "- 10.0.0.1 - - - -", "- 10.0.0.2 - - - -")
	spent(t, v, 1)
	v.Namespaces = nil
	w.Run(sites(w)...).Exits(failure.OK).Says("There are no Supervisors.")
	v.Replies["GET /api/vcenter/namespaces-user/namespaces"] = consoletest.Status(http.StatusForbidden, "")
	w.Run(sites(w)...).Exits(failure.Refused).Says("list the Supervisors of the vCenter vc.example.com")
	spent(t, v, 3)
}

// Some vCenters show a part, or do not have all of the API.
func TestListOfAVCenterInPart(t *testing.T) {
	w, v := ofVCenter(t, first, second)
	v.Namespaces = map[string]string{"ns1": "10.0.0.1", "ns2": "10.0.0.3"}
	v.Replies["GET /api/vcenter/namespace-management/clusters/domain-c10"] = consoletest.Status(http.StatusForbidden, "")
	v.Replies["GET /api/vcenter/namespace-management/supervisors/summaries"] = consoletest.Status(http.StatusNotFound, "")
	v.Replies["GET /api/vcenter/namespace-management/software/clusters"] = consoletest.Status(http.StatusInternalServerError, "")
	r := w.Run(sites(w)...).Exits(failure.OK).Says("does not show you all")
	wantLines(t, r, "SUPERVISOR ADDRESS ZONES VERSION NETWORKING STATE", "- 10.0.0.1 - - - -", "- 10.0.0.3 - - - -", "cluster-domain-c10 - - - - ready", "cluster-domain-c20 10.0.0.2 - - NSX VPC ready")
	w, v = ofVCenter(t, first)
	v.Old = true
	wantLines(t, w.Run(sites(w)...).Exits(failure.OK), "SUPERVISOR ADDRESS ZONES VERSION NETWORKING STATE", "cluster-domain-c10 10.0.0.1 - v1.30.5+vmware.4-fips-vsc0.1.11 vSphere ready")
	spent(t, v, 1)
	v.Replies["GET /api/vcenter/namespace-management/clusters/domain-c10"] = consoletest.Status(http.StatusBadGateway, "")
	w.Run(sites(w)...).Exits(failure.Server).Says("bad gateway (502)")
	spent(t, v, 2)
}

// A vCenter that is not trusted gets nothing. A person may trust it, which is remembered apart from Supervisors.
func TestTrustOfAVCenter(t *testing.T) {
	w, v := ofVCenter(t, first)
	list := []string{"list", "sites", "--vcenter", "https://VC.example.com/ui/", "-u", consoletest.User}
	w.Run(list...).Exits(failure.Server).Says("its CA is unknown here")
	w.Run(append(list, "--insecure-skip-tls-verify")...).Exits(failure.Failed).Says("the vCenter password is not sent to vc.example.com", "nobody can be asked")
	w.Person(consoletest.Answer{To: "Trust it for vc.example.com alone", Keys: "n"})
	w.Run(list...).Exits(failure.Server)
	spent(t, v, 0)
	w.Person(consoletest.Answer{To: "Trust it for vc.example.com alone", Keys: "y"})
	w.Run(list...).Exits(failure.OK).Says("sup1")
	w.Nobody()
	w.Run(list...).Exits(failure.OK).Says("sup1")
	spent(t, v, 2)
	w.Serve(vc+":443", consoletest.NewCA(t, "another"), v)
	w.Run(list...).Exits(failure.Server).Says("is not the one that was trusted so far")
	w.Person()
	w.Run(append(list, "--insecure-skip-tls-verify")...).Exits(failure.OK).Says("WARNING: the certificate of vc.example.com is not verified", "sup1")
	spent(t, v, 3)
	if servers := w.Store().SiteServers(); len(servers) > 0 {
		t.Errorf("%q", servers)
	}
	w.Run("logout", "--server", vc, "--forget-server").Exits(failure.OK).Says("Forgot how vc.example.com is verified")
	if all := w.Store().VCenters(); len(all) > 0 {
		t.Errorf("%q", all)
	}
}

// What is no vCenter gets no password.
func TestListOfWhatIsNoVCenter(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"nothing":      consoletest.Status(http.StatusNotFound, ""),
		"a page":       consoletest.Reply("<html>"),
		"another 401":  consoletest.Status(http.StatusUnauthorized, `{"kind":"Status"}`),
		"a redirect":   consoletest.Redirect("https://evil.example/api/session"),
		"a session":    consoletest.Reply(`{"user":"x"}`),
		"another word": consoletest.Status(http.StatusUnauthorized, `{"error_type":"OTHER"}`),
	} {
		t.Run(name, func(t *testing.T) {
			w, v := ofVCenter(t, first)
			stranger := w.Stranger("evil.example:443")
			v.Replies["GET /api/session"], v.Replies["GET /rest/com/vmware/cis/session"] = answer, answer
			w.Run(sites(w)...).Exits(failure.Server).Says("vc.example.com is not a vCenter", "Check --vcenter")
			if spent(t, v, 0); len(stranger.Got()) > 0 {
				t.Errorf("%q", stranger.Got())
			}
		})
	}
	w, _ := ofVCenter(t, first)
	w.Down(vc + ":443")
	w.Run(sites(w)...).Exits(failure.Server).Says("connection refused")
	w, v := ofVCenter(t, first)
	v.Replies["GET /api/session"] = consoletest.Status(http.StatusServiceUnavailable, "")
	w.Run(sites(w)...).Exits(failure.Server).Says("service unavailable (503)").Omits("not a vCenter")
	spent(t, v, 0)
}

// Whatever a vCenter answers is data: it is bounded, harmless on a terminal, and leads nowhere.
func TestHostileVCenter(t *testing.T) {
	const clusters, page = "GET /api/vcenter/namespace-management/clusters", "GET /api/vcenter/namespace-management/clusters/domain-c10"
	many := func(one string) http.HandlerFunc {
		var rows []string
		for i := range 10_000 {
			rows = append(rows, fmt.Sprintf(one, i, i/250, i%250))
		}
		return consoletest.Reply("[" + strings.Join(rows, ",") + "]")
	}
	for name, c := range map[string]struct {
		replies map[string]http.HandlerFunc
		code    int
		says    []string
	}{
		"escapes":                   {map[string]http.HandlerFunc{clusters: consoletest.Reply(`[{"cluster":"domain-c10","cluster_name":"\u001b]0;x\u0007\u202eevil\nFAKE ROW","config_status":"\u001b[2J"}]`), "GET /api/vcenter/namespace-management/supervisors/summaries": consoletest.Status(404, "")}, failure.OK, []string{`\x1b]0;x\x07\u202eevil FAKE ROW`}},
		"a path":                    {map[string]http.HandlerFunc{clusters: consoletest.Reply(`[{"cluster":"../../../session?x"}]`), "GET /api/vcenter/namespace-management/clusters/../../../session?x": consoletest.Status(404, "")}, failure.OK, []string{"does not show you all"}},
		"an address":                {map[string]http.HandlerFunc{page: consoletest.Reply(`{"api_server_cluster_endpoint":"evil.example/x?\u001b[31m"}`)}, failure.OK, []string{"note: 1 address that the vCenter tells cannot be of a Supervisor"}},
		"a user":                    {map[string]http.HandlerFunc{page: consoletest.Reply(`{"api_server_cluster_endpoint":"a@evil.example"}`)}, failure.OK, []string{"note: 1 address"}},
		"this machine":              {map[string]http.HandlerFunc{page: consoletest.Reply(`{"api_server_cluster_endpoint":"127.0.0.1"}`)}, failure.OK, []string{"note: 1 address"}},
		"this machine, by name":     {map[string]http.HandlerFunc{page: consoletest.Reply(`{"api_server_cluster_endpoint":"LocalHost."}`)}, failure.OK, []string{"note: 1 address"}},
		"in IPv6":                   {map[string]http.HandlerFunc{page: consoletest.Reply(`{"api_server_cluster_endpoint":"[::ffff:127.0.0.1]"}`)}, failure.OK, []string{"note: 1 address"}},
		"any machine":               {map[string]http.HandlerFunc{page: consoletest.Reply(`{"api_server_cluster_endpoint":"0.0.0.0"}`)}, failure.OK, []string{"note: 1 address"}},
		"all machines":              {map[string]http.HandlerFunc{page: consoletest.Reply(`{"api_server_cluster_endpoint":"255.255.255.255"}`)}, failure.OK, []string{"note: 1 address"}},
		"many clusters":             {map[string]http.HandlerFunc{clusters: many(`{"cluster":"domain-c10","cluster_name":"n%d","x":"%d.%d"}`)}, failure.OK, []string{"there are 9900 Supervisors more"}},
		"many hosts":                {map[string]http.HandlerFunc{clusters: consoletest.Status(403, ""), "GET /api/vcenter/namespaces-user/namespaces": many(`{"namespace":"ns%d","master_host":"10.1.%d.%d"}`)}, failure.OK, []string{"there are 9900 Supervisors more"}},
		"a list too long":           {map[string]http.HandlerFunc{clusters: consoletest.Reply("[" + strings.Repeat("{},", 30_000) + "{}]")}, failure.Server, []string{"the reply"}},
		"another shape":             {map[string]http.HandlerFunc{clusters: consoletest.Reply(`{"x":1}`)}, failure.Server, []string{"JSON of another shape"}},
		"rubbish":                   {map[string]http.HandlerFunc{clusters: consoletest.Reply("\x00\xff")}, failure.Server, []string{"is not JSON"}},
		"a redirect":                {map[string]http.HandlerFunc{clusters: consoletest.Redirect("https://evil.example/x")}, failure.Server, []string{"redirect, which is not followed"}},
		"a login elsewhere":         {map[string]http.HandlerFunc{"POST /api/session": consoletest.Redirect("https://evil.example/api/session")}, failure.Server, []string{"redirect, which is not followed"}},
		"no session":                {map[string]http.HandlerFunc{"POST /api/session": consoletest.Reply(`"a\r\nX-Evil: 1"`)}, failure.Server, []string{"no ID of a session"}},
		"an empty one":              {map[string]http.HandlerFunc{"POST /api/session": consoletest.Reply(`""`)}, failure.Server, []string{"no ID of a session"}},
		"a session of another kind": {map[string]http.HandlerFunc{"POST /api/session": consoletest.Reply(`{"value":"x"}`)}, failure.Server, []string{"another shape"}},
	} {
		t.Run(name, func(t *testing.T) {
			w, v := ofVCenter(t, vcentertest.Supervisor{Name: "sup1", Endpoint: "10.0.0.1"})
			stranger := w.Stranger("evil.example:443")
			for request, reply := range c.replies {
				v.Replies[request] = reply
			}
			r := w.Run(sites(w)...).Exits(c.code).Says(c.says...).Omits(consoletest.Password)
			if strings.ContainsAny(r.Out+r.Err, "\x1b\x07\u202e") || strings.Contains(r.Out, "\nFAKE ROW") {
				t.Errorf("%q %q", r.Out, r.Err)
			}
			if got := stranger.Got(); len(got) > 0 || v.Open() > 0 || v.Logins() != 1 {
				t.Errorf("%q, %d open, %d logins", got, v.Open(), v.Logins())
			}
			if len(lines(r.Out)) > 102 || len(v.Requests()) > 110 {
				t.Errorf("%d lines after %d requests", len(lines(r.Out)), len(v.Requests()))
			}
		})
	}
}

// A vCenter that takes its time is left alone after a while, with each request and with all of them.
func TestSlowVCenter(t *testing.T) {
	const wait = time.Minute
	w, v := ofVCenter(t, first)
	v.Replies["GET /api/vcenter/namespace-management/clusters"] = consoletest.Slow(wait)
	w.Run(sites(w, "--request-timeout", "100ms")...).Exits(failure.Server).Says("no answer within")
	var rows []string
	for i := range 100 {
		rows = append(rows, fmt.Sprintf(`{"cluster":"c%d"}`, i))
		v.Replies[fmt.Sprint("GET /api/vcenter/namespace-management/clusters/c", i)] = consoletest.Slow(wait)
	}
	v.Replies["GET /api/vcenter/namespace-management/clusters"] = consoletest.Reply("[" + strings.Join(rows, ",") + "]")
	w.Run(sites(w, "--request-timeout", "300ms")...).Exits(failure.Server).Says("no list of Supervisors within")
	spent(t, v, 2)
}

// A refusal is told as at a login, and what the vCenter repeats of the password is not.
func TestRefusedByAVCenter(t *testing.T) {
	w, v := ofVCenter(t, first)
	w.Vars[failure.PasswordVariable] = "wrong-word"
	w.Run(sites(w)...).Exits(failure.Refused).Says("the user name or password of dev@vsphere.local was refused")
	w.Run(sites(w)...).Exits(failure.Refused).Says("was refused at", "is not sent again")
	spent(t, v, 1)
	v.Replies["POST /api/session"] = func(out http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		http.Error(out, `{"message":"what is `+password+` "}`, http.StatusInternalServerError)
	}
	w.Run(sites(w, "--force")...).Exits(failure.Server).Says("[secret]").Omits("wrong-word")
}

// Ctrl-C ends the session too.
func TestInterruptedAtAVCenter(t *testing.T) {
	w, v := ofVCenter(t, first)
	v.Replies["GET /api/vcenter/namespace-management/clusters"] = func(out http.ResponseWriter, r *http.Request) {
		w.Interrupt()
		<-r.Context().Done()
	}
	w.Run(sites(w)...).Exits(failure.Interrupted)
	spent(t, v, 1)
}

// Ctrl-C works at once, also at a vCenter that answers nothing: the end of its session gets a moment, and no more.
func TestInterruptedAtAVCenterThatHangs(t *testing.T) {
	w, v := ofVCenter(t, first)
	var waits sync.Map
	w.Timer = func(d time.Duration) <-chan time.Time {
		waits.Store(d, true)
		return time.After(min(d, 10*time.Millisecond))
	}
	v.Replies["GET /api/vcenter/namespace-management/clusters"] = func(_ http.ResponseWriter, r *http.Request) {
		w.Interrupt()
		<-r.Context().Done()
	}
	v.Replies["DELETE /api/session"] = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	w.Run(sites(w)...).Exits(failure.Interrupted)
	if _, waited := waits.Load(200 * time.Millisecond); !waited || !slices.Contains(v.Requests(), "DELETE /api/session") {
		t.Errorf("%t %q", waited, v.Requests())
	}
}

func TestFlagsOfAVCenter(t *testing.T) {
	w, v := ofVCenter(t, first)
	for says, args := range map[string][]string{
		"--vsphere-username goes with --vcenter": {"list", "sites", "-u", "x"},
		"--force goes with --vcenter":            {"list", "clusters", "--force"},
		"--vcenter lists sites":                  {"list", "clusters", "--vcenter", vc},
		"goes with neither --server":             {"list", "sites", "--vcenter", vc, "--server", "10.0.0.1"},
		"--namespace nor --watch":                {"list", "sites", "--vcenter", vc, "-w"},
		"--insecure-skip-tls-verify goes with":   {"list", "sites", "--vcenter", vc, "--insecure-skip-tls-verify", "--certificate-authority", w.CAFile},
		"--ca-from-vcenter goes with neither":    {"list", "sites", "--vcenter", vc, "--insecure-skip-tls-verify", "--ca-from-vcenter", vc},
		"--password-stdin and":                   {"list", "sites", "--vcenter", vc, "-u", "x", "--password-stdin", "--password-command", "echo x"},
		"--password-stdin needs":                 {"list", "sites", "--vcenter", vc, "--password-stdin"},
		"--vcenter: ":                            {"list", "sites", "--vcenter", "a:b:c"},
		"--ca-from-vcenter: ":                    {"list", "sites", "--vcenter", vc, "--ca-from-vcenter", "a:b:c"},
		"--ca-fingerprint: ":                     {"list", "sites", "--vcenter", vc, "--ca-fingerprint", "x"},
		"--password-command: ":                   {"list", "sites", "--vcenter", vc, "--password-command", ""},
		"--vsphere-username: ":                   {"list", "sites", "--vcenter", vc, "-u", "a:b"},
		"--sort-by: ":                            sites(w, "--sort-by", "x"),
	} {
		if says == "--password-command: " {
			args[len(args)-1] = "'"
		}
		w.Run(args...).Exits(failure.Usage).Says(says)
	}
	spent(t, v, 0)
	w.Stdin = consoletest.Password + "\n"
	delete(w.Vars, failure.PasswordVariable)
	w.Run(sites(w, "--password-stdin")...).Exits(failure.OK).Says("sup1")
	w.Run(sites(w)...).Exits(failure.Usage).Says("there is no terminal to ask on")
	w.Person(consoletest.Answer{To: "Username: ", Keys: consoletest.User}, consoletest.Answer{To: "Password: ", Keys: consoletest.Password})
	w.Run("list", "sites", "--vcenter", vc, "--certificate-authority", w.CAFile).Exits(failure.OK).Says("sup1")
	spent(t, v, 2)
}
