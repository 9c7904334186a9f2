package contract

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/fault"
)

// basic is base64 of Administrator@vsphere.local:Admin!23.
const basic = "Authorization: Basic QWRtaW5pc3RyYXRvckB2c3BoZXJlLmxvY2FsOkFkbWluITIz"

func testBanner(t *testing.T) {
	newSite(t).exchange(bytes{`
GET /wcp/loginbanner HTTP/1.1
Host: 10.0.0.1

`, `
HTTP/1.1 200 OK
Content-Type: text/plain; charset=utf-8

Authorized use only.
`})
}

func testNotFound(t *testing.T) {
	reply, _ := send(t, newSite(t).addr, "GET /wcp/nonsense HTTP/1.1\nHost: 10.0.0.1\n\n")
	if !strings.HasPrefix(reply, "HTTP/1.1 404 Not Found\n") {
		t.Error(reply)
	}
}

func testPage(t *testing.T) {
	newSite(t).exchange(bytes{`
GET / HTTP/1.1
Host: 10.0.0.1

`, `
HTTP/1.1 200 OK
Content-Type: text/html

<!DOCTYPE html>
<html><head><title>Kubernetes CLI Tools</title></head><body></body></html>
`})
}

const supervisorToken = `
HTTP/1.1 200 OK
Content-Type: application/json

{"session_id":"TOKEN"}
`

func testLogin(t *testing.T) {
	newSite(t).exchange(bytes{`
POST /wcp/login HTTP/1.1
Host: 10.0.0.1
` + basic + `
Content-Type: application/json
Accept: application/json
Content-Length: 0

`, supervisorToken})
}

func testBraces(t *testing.T) {
	newSite(t).exchange(bytes{login("{}"), supervisorToken})
}

// login is a request with a body.
func login(body string) string {
	return "POST /wcp/login HTTP/1.1\nHost: 10.0.0.1\n" + basic + "\nContent-Type: application/json\nAccept: application/json\nContent-Length: " +
		number(len(body)) + "\n\n" + body
}

func testRefused(t *testing.T) {
	s := newSite(t)
	const refused = `
HTTP/1.1 401 Unauthorized
Content-Type: text/plain; charset=utf-8

invalid or missing credentials`
	s.exchange(bytes{"POST /wcp/login HTTP/1.1\nHost: 10.0.0.1\nContent-Length: 0\n\n", refused})
	s.exchange(bytes{"GET /wcp/workloads HTTP/1.1\nHost: 10.0.0.1\nAuthorization: Basic " + base64.StdEncoding.EncodeToString([]byte("administrator@vsphere.local:wrong")) + "\n\n", refused})
}

const guestToken = `
HTTP/1.1 200 OK
Content-Type: application/json

{"session_id":"TOKEN","guest_cluster_server":"10.0.0.9","guest_cluster_ca":"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tClRFRkMKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo="}
`

func testGuest(t *testing.T) {
	newSite(t).exchange(bytes{login(`{"guest_cluster_name":"tkc1","guest_cluster_namespace":"ns1"}`), guestToken})
}

func testGuestNameOnly(t *testing.T) {
	newSite(t).exchange(bytes{login(`{"guest_cluster_name":"tkc1"}`), guestToken})
}

func testGuestCA(t *testing.T) {
	_, text, _ := strings.Cut(guestToken, `"guest_cluster_ca":"`)
	pem, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(text, "\"}\n"))
	if err != nil || string(pem) != caPEM {
		t.Errorf("%v\n%s", err, pem)
	}
	testGuest(t)
}

func testUnknownGuest(t *testing.T) {
	newSite(t).exchange(bytes{login(`{"guest_cluster_name":"nope","guest_cluster_namespace":"ns1"}`), supervisorToken})
}

func testYoungGuest(t *testing.T) {
	newSite(t).exchange(bytes{login(`{"guest_cluster_name":"young","guest_cluster_namespace":"ns1"}`), supervisorToken})
}

// A form that no known client sends is refused, so that a mistake in ours shows.
func TestStrict(t *testing.T) {
	for _, body := range []string{`{"guest_cluster":"tkc1"}`, `{"guest_cluster_namespace":"ns1"}`, `[]`, `name=tkc1`} {
		if reply, _ := send(t, newSite(t).addr, login(body)); !strings.HasPrefix(reply, "HTTP/1.1 400 Bad Request\n") {
			t.Errorf("%s: %s", body, reply)
		}
	}
}

func testBadGateway(t *testing.T) {
	for _, status := range []int{500, 502} {
		s := newSite(t)
		s.faults.Add(fault.Fault{Endpoint: "/wcp/login", Status: status})
		if reply, _ := send(t, s.addr, login("")); !strings.HasPrefix(reply, "HTTP/1.1 "+number(status)+" ") || !strings.Contains(reply, "<html>") {
			t.Error(reply)
		}
	}
}

func testLockout(t *testing.T) {
	s := newSite(t)
	wrong := "POST /wcp/login HTTP/1.1\nHost: 10.0.0.1\nAuthorization: Basic " + base64.StdEncoding.EncodeToString([]byte("administrator@vsphere.local:wrong")) + "\nContent-Length: 0\n\n"
	for i := range 5 {
		if failures, locked := s.vcenter.Status("administrator@vsphere.local"); failures != i || locked {
			t.Errorf("before attempt %d: %d failures, locked %t", i+1, failures, locked)
		}
		send(t, s.addr, wrong)
	}
	if reply, _ := send(t, s.addr, login("")); !strings.HasPrefix(reply, "HTTP/1.1 401 ") {
		t.Errorf("the right password after five wrong ones: %s", reply)
	}
}

func testWorkloads(t *testing.T) {
	newSite(t).exchange(bytes{`
GET /wcp/workloads HTTP/1.1
Host: 10.0.0.1
` + basic + `

`, `
HTTP/1.1 200 OK
Content-Type: application/json

[{"namespace":"ns1","master_host":"10.0.0.1","control_plane_api_server_port":6443,"control_plane_DNS_names":[]},{"namespace":"ns2","master_host":"10.0.1.1","control_plane_api_server_port":6443,"control_plane_DNS_names":[]}]
`})
}

func testWorkloadsBearer(t *testing.T) {
	s := newSite(t)
	_, token := send(t, s.addr, login(""))
	if reply, _ := send(t, s.addr, "GET /wcp/workloads HTTP/1.1\nHost: 10.0.0.1\nAuthorization: Bearer "+token+"\n\n"); !strings.HasPrefix(reply, "HTTP/1.1 401 ") {
		t.Error(reply)
	}
}

func testWorkloadsNone(t *testing.T) {
	newSite(t).exchange(bytes{
		"GET /wcp/workloads HTTP/1.1\nHost: 10.0.0.1\nAuthorization: Basic " + base64.StdEncoding.EncodeToString([]byte("nobody@vsphere.local:Admin!23")) + "\n\n",
		"HTTP/1.1 200 OK\nContent-Type: application/json\n\n[]\n",
	})
}

func testWorkloadsPort(t *testing.T) {
	for _, port := range []string{`"6443"`, `7443`, `null`} {
		s := newSite(t)
		s.faults.Add(fault.Fault{Endpoint: "/wcp/workloads", Port: &port})
		if reply, _ := send(t, s.addr, "GET /wcp/workloads HTTP/1.1\nHost: 10.0.0.1\n"+basic+"\n\n"); !strings.Contains(reply, `"control_plane_api_server_port":`+port+",") {
			t.Errorf("%s: %s", port, reply)
		}
	}
}

// The API gets the caller's credentials and no others.
func testProxy(t *testing.T) {
	s := newSite(t)
	send(t, s.addr, "GET /apis/cluster.x-k8s.io/v1beta1/clusters?limit=500 HTTP/1.1\nHost: 10.0.0.1\nAuthorization: Bearer abc\n\n")
	if r := <-s.api; r.URL.String() != "/apis/cluster.x-k8s.io/v1beta1/clusters?limit=500" || r.Header.Get("Authorization") != "Bearer abc" {
		t.Errorf("%s %q", r.URL, r.Header)
	}
}

func testDiscovery(t *testing.T) {
	s := newSite(t)
	for _, name := range []string{"vip-cluster-info", "pinniped-info"} {
		send(t, s.addr, "GET /api/v1/namespaces/kube-public/configmaps/"+name+" HTTP/1.1\nHost: 10.0.0.1\n\n")
		if r := <-s.api; !strings.HasSuffix(r.URL.Path, name) || r.Header.Get("Authorization") != "" {
			t.Errorf("%s %q", r.URL, r.Header)
		}
	}
}
