package contract

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/vapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/vcenter"
)

const (
	basicAdmin = "Basic cm9vdEB2c3BoZXJlLmxvY2FsOlZNd2FyZTEh" // root@vsphere.local
	basicOther = "Basic b3RoZXJAdnNwaGVyZS5sb2NhbDp3cm9uZw==" // other@vsphere.local:wrong

	notLoggedIn = `HTTP/1.1 401 Unauthorized
Content-Type: application/json

{"error_type":"UNAUTHENTICATED","messages":[{"args":[],"default_message":"Authentication required.",` +
		`"id":"com.vmware.vapi.endpoint.method.authentication.required"}]}
`
	notLoggedInOld = `HTTP/1.1 401 Unauthorized
Content-Type: application/json

{"type":"com.vmware.vapi.std.errors.unauthenticated","value":{"messages":[{"args":[],"default_message":"Authentication required.",` +
		`"id":"com.vmware.vapi.endpoint.method.authentication.required"}]}}
`
)

// vcenterAPI is the REST API before the identity service, with two Supervisors.
func vcenterAPI(service *vcenter.Service) *vapi.API {
	return vapi.New(vapi.Config{
		VCenter: service, Rest: service.Handler(),
		Supervisors: func() []vapi.Supervisor {
			return []vapi.Supervisor{
				{ID: "sup-1", Name: "one", Zones: []vapi.Zone{{Name: "z1", Cluster: "domain-c8", ClusterName: "c1"}}, Network: "VSPHERE_NETWORK", Version: "v1", Endpoint: "10.0.0.1", APIServers: []string{"10.0.9.1"}, Namespaces: []string{"ns1"}},
				{ID: "sup-2", Name: "two", Zones: []vapi.Zone{{Name: "z2", Cluster: "domain-c9", ClusterName: "c2"}}, Network: "VSPHERE_NETWORK", Version: "v2", Endpoint: "10.0.1.1", APIServers: []string{"10.0.9.2"}, Namespaces: []string{"ns2"}},
			}
		},
		Namespaces: func(u vcenter.User) []vapi.Namespace {
			var all []vapi.Namespace
			for _, w := range workloads(u) {
				all = append(all, vapi.Namespace{Name: w.Namespace, Host: w.MasterHost})
			}
			return all
		},
		Providers: []vapi.Provider{{ID: "p", Name: "Dex", Domains: []string{"vsphere.local"}, OIDC: vapi.OIDC{
			Discovery: "https://dex/d", Authorization: "https://dex/a", Token: "https://dex/t", Keys: "https://dex/k", ClientID: "c",
		}}},
	})
}

var sessionID = regexp.MustCompile(`"([0-9a-f]{32})"`)

// openSession logs in at a path and compares the reply.
func (l *lab) openSession(t *testing.T, path, basic, golden string) string {
	t.Helper()
	got := l.ask(t, l.identity, post(path, basic, ""))
	if text := sessionID.ReplaceAllString(got.text, `"SESSION"`); text != golden {
		t.Fatalf("the reply is\n%s\nand should be\n%s", text, golden)
	}
	return sessionID.FindStringSubmatch(got.body)[1]
}

const (
	opened = `HTTP/1.1 201 Created
Content-Type: application/json

"SESSION"
`
	openedOld = `HTTP/1.1 200 OK
Content-Type: application/json

{"value":"SESSION"}
`
)

func request(method, path, session string) string {
	if session != "" {
		session = "\nvmware-api-session-id: " + session
	}
	return method + " " + path + " HTTP/1.1\nHost: vcenter.lab" + session + "\n\n"
}

// as gets a path in a session of its own.
func (l *lab) as(t *testing.T, basic, path string) string {
	t.Helper()
	return l.ask(t, l.identity, request("GET", path, l.openSession(t, "/api/session", basic, opened))).text
}

var goldenSession = regexp.MustCompile(`^HTTP/1.1 200 OK
Content-Type: application/json

(\{"value":)?\{"created_time":"[\dT:.-]+Z","last_accessed_time":"[\dT:.-]+Z","user":"dev@vsphere.local"\}(\})?
$`)

func testSession(t *testing.T, l *lab) {
	for _, s := range []struct{ path, opened, ended, refused, show string }{
		{"/api/session", opened, "HTTP/1.1 204 No Content\nContent-Type: \n\n", notLoggedIn, "GET /api/session"},
		{"/rest/com/vmware/cis/session", openedOld, "HTTP/1.1 200 OK\nContent-Type: \n\n", notLoggedInOld, "POST /rest/com/vmware/cis/session?~action=get"},
	} {
		id := l.openSession(t, s.path, basicDev, s.opened)
		method, path, _ := strings.Cut(s.show, " ")
		if got := l.ask(t, l.identity, request(method, path, id)).text; !goldenSession.MatchString(got) {
			t.Errorf("%s is answered with\n%s", s.show, got)
		}
		l.want(t, l.identity, request("DELETE", s.path, id), s.ended)
		l.want(t, l.identity, request("DELETE", s.path, id), s.refused)
		l.want(t, l.identity, request(method, path, id), s.refused)
	}
}

func testSessionRefused(t *testing.T, l *lab) {
	for path, golden := range map[string]string{"/api/session": notLoggedIn, "/rest/com/vmware/cis/session": notLoggedInOld} {
		l.want(t, l.identity, post(path, "", ""), golden)
		l.want(t, l.identity, post(path, "Bearer x", ""), golden)
		l.want(t, l.identity, post(path, basicWrong, ""), golden)
	}
	l.openSession(t, "/api/session", basicDev, opened) // A right password forgets the wrong ones.
}

func testSessionBeforeExchange(t *testing.T, l *lab) {
	id := l.openSession(t, "/rest/com/vmware/cis/session", basicDev, openedOld)
	exchange := func(id string) string {
		return strings.Replace(exchangeOf(grant, basicDev, supAudience), "\n\n", "\nvmware-api-session-id: "+id+"\n\n", 1)
	}
	l.checkToken(t, l.ask(t, l.identity, exchange(id)).token, supAudience, dev)
	l.want(t, l.identity, exchange("ended"), notLoggedInOld)
}

func testNamespacesUser(t *testing.T, l *lab) {
	const path, both = "/api/vcenter/namespaces-user/namespaces", "HTTP/1.1 200 OK\nContent-Type: application/json\n\n" +
		`[{"namespace":"ns1","master_host":"10.0.0.1","control_plane_api_server_port":6443,"control_plane_DNS_names":[]},` +
		`{"namespace":"ns2","master_host":"10.0.1.1","control_plane_api_server_port":6443,"control_plane_DNS_names":[]}]` + "\n"
	const none = "HTTP/1.1 200 OK\nContent-Type: application/json\n\n[]\n"
	for _, c := range []struct{ basic, query, golden string }{
		{basicDev, "", both},
		{basicNobody, "", none},
		{basicDev, `?username=VSPHERE.LOCAL\dev`, both},
		{basicAdmin, "?username=dev@vsphere.local", both},
		{basicAdmin, "?username=", none},
		{basicNobody, "?username=dev@vsphere.local", forbidden},
	} {
		if got := l.as(t, c.basic, path+c.query); got != c.golden {
			t.Errorf("%s is answered with\n%s", c.query, got)
		}
	}
}

const forbidden = `HTTP/1.1 403 Forbidden
Content-Type: application/json

{"error_type":"UNAUTHORIZED","messages":[{"args":[],"default_message":"The user may not call this method.","id":"vapi.method.authorization.denied"}]}
`

// administration is what only administrators see, with its golden bytes.
var administration = []struct{ id, path, golden string }{
	{"clusters", "/api/vcenter/namespace-management/clusters",
		`[{"cluster":"domain-c8","cluster_name":"c1","config_status":"RUNNING","kubernetes_status":"READY"},` +
			`{"cluster":"domain-c9","cluster_name":"c2","config_status":"RUNNING","kubernetes_status":"READY"}]`},
	{"cluster", "/api/vcenter/namespace-management/clusters/domain-c9",
		`{"api_server_management_endpoint":"10.0.1.1","api_server_cluster_endpoint":"10.0.1.1","api_servers":["10.0.9.2"],` +
			`"config_status":"RUNNING","kubernetes_status":"READY","network_provider":"VSPHERE_NETWORK","stat_summary":` + noStats + `}`},
	{"summaries", "/api/vcenter/namespace-management/supervisors/summaries",
		`{"items":[{"supervisor":"sup-1","info":{"name":"one","stats":` + noStats + `,"config_status":"RUNNING","kubernetes_status":"READY"}},` +
			`{"supervisor":"sup-2","info":{"name":"two","stats":` + noStats + `,"config_status":"RUNNING","kubernetes_status":"READY"}}]}`},
	{"topology", "/api/vcenter/namespace-management/supervisors/sup-2/topology", `[{"zone":"z2","clusters":["domain-c9"]}]`},
	{"software", "/api/vcenter/namespace-management/software/clusters",
		`[{"cluster":"domain-c8","cluster_name":"c1","current_version":"v1","available_versions":[],"state":"READY"},` +
			`{"cluster":"domain-c9","cluster_name":"c2","current_version":"v2","available_versions":[],"state":"READY"}]`},
	{"instances", "/api/vcenter/namespaces/instances",
		`[{"cluster":"domain-c8","namespace":"ns1","config_status":"RUNNING","description":"","stats":` + noUse + `,"self_service_namespace":false},` +
			`{"cluster":"domain-c9","namespace":"ns2","config_status":"RUNNING","description":"","stats":` + noUse + `,"self_service_namespace":false}]`},
	{"instances-v2", "/api/vcenter/namespaces/instances/v2",
		`[{"supervisor":"sup-1","namespace":"ns1","config_status":"RUNNING","description":"","stats":` + noUse + `,"self_service_namespace":false},` +
			`{"supervisor":"sup-2","namespace":"ns2","config_status":"RUNNING","description":"","stats":` + noUse + `,"self_service_namespace":false}]`},
}

const (
	noStats = `{"cpu_used":0,"cpu_capacity":0,"memory_used":0,"memory_capacity":0,"storage_used":0,"storage_capacity":0}`
	noUse   = `{"cpu_used":0,"memory_used":0,"storage_used":0}`
)

// administrationTest is the test of one of them.
func administrationTest(id string) func(*testing.T, *lab) {
	return func(t *testing.T, l *lab) {
		i := slices.IndexFunc(administration, func(a struct{ id, path, golden string }) bool { return a.id == id })
		a := administration[i]
		if got, want := l.as(t, basicAdmin, a.path), "HTTP/1.1 200 OK\nContent-Type: application/json\n\n"+a.golden+"\n"; got != want {
			t.Errorf("the reply is\n%s\nand should be\n%s", got, want)
		}
	}
}

func testVCenterRights(t *testing.T, l *lab) {
	for _, a := range administration {
		if got := l.as(t, basicDev, a.path); got != forbidden {
			t.Errorf("%s is answered with\n%s", a.path, got)
		}
	}
}

func testVCenterUnauthenticated(t *testing.T, l *lab) {
	for _, a := range administration {
		l.want(t, l.identity, request("GET", a.path, ""), notLoggedIn)
		l.want(t, l.identity, request("GET", a.path, "0123456789abcdef0123456789abcdef"), notLoggedIn)
	}
	l.want(t, l.identity, request("GET", "/api/vcenter/namespaces-user/namespaces", ""), notLoggedIn)
	basic := strings.Replace(request("GET", "/api/vcenter/namespaces-user/namespaces", ""), "\n\n", "\nAuthorization: "+basicDev+"\n\n", 1)
	l.want(t, l.identity, basic, notLoggedIn)
}

func testIdentityProvidersOfVCenter(t *testing.T, l *lab) {
	l.want(t, l.identity, request("GET", "/api/vcenter/identity/providers", ""), `HTTP/1.1 200 OK
Content-Type: application/json

[{"provider":"p","name":"Dex","config_tag":"Oidc","is_default":false,"domain_names":["vsphere.local"],"auth_query_params":{},`+
		`"oidc":{"discovery_endpoint":"https://dex/d","auth_endpoint":"https://dex/a","token_endpoint":"https://dex/t",`+
		`"public_key_uri":"https://dex/k","client_id":"c"}}]
`)
}

func testVCenterLockout(t *testing.T, l *lab) {
	for range 3 {
		l.want(t, l.identity, post("/api/session", basicOther, ""), notLoggedIn)
	}
	for range 2 {
		l.want(t, l.supers, post("/wcp/login", basicOther, ""), unauthorized)
	}
	if st := l.vcenter.Status("other@vsphere.local"); !st.Locked || st.Passwords != 5 {
		t.Errorf("%+v", st)
	}
}

func testVCenterStrict(t *testing.T, l *lab) {
	id := l.openSession(t, "/api/session", basicAdmin, opened)
	const invalid = `"error_type":"INVALID_ARGUMENT"`
	for _, path := range []string{
		"/api/vcenter/namespace-management/clusters?filter.x=y", "/api/vcenter/namespaces-user/namespaces?groups=g", "/api/vcenter/namespaces-user/namespaces?user=u",
		"/api/vcenter/identity/providers?x=y",
	} {
		if got := l.ask(t, l.identity, request("GET", path, id)).text; !strings.HasPrefix(got, "HTTP/1.1 400 Bad Request\n") || !strings.Contains(got, invalid) {
			t.Errorf("%s is answered with\n%s", path, got)
		}
	}
	if got := l.ask(t, l.identity, post("/api/session", basicDev, `{"user":"x"}`)).text; !strings.Contains(got, invalid) {
		t.Errorf("a login with a body is answered with\n%s", got)
	}
	const gone = `"messages":[{"args":[],"default_message":"Not found.","id":"com.vmware.vapi.rest.httpNotFound"}]`
	for path, want := range map[string]string{
		"GET /api/vcenter/namespace-management/clusters/domain-c1":         `{"error_type":"NOT_FOUND",` + gone + "}\n",
		"GET /api/vcenter/namespace-management/supervisors/sup-9/topology": `{"error_type":"NOT_FOUND",` + gone + "}\n",
		"GET /api/vcenter/vm":                      `{"error_type":"NOT_FOUND",` + gone + "}\n",
		"DELETE /api/vcenter/namespaces/instances": `{"error_type":"NOT_FOUND",` + gone + "}\n",
		"GET /rest/vcenter/vm":                     `{"type":"com.vmware.vapi.std.errors.not_found","value":{` + gone + "}}\n",
	} {
		method, path, _ := strings.Cut(path, " ")
		l.want(t, l.identity, request(method, path, id), "HTTP/1.1 404 Not Found\nContent-Type: application/json\n\n"+want)
	}
}
