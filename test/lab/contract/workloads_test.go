package contract

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/fault"
)

// listDev asks for the workloads.
const listDev = `GET /wcp/workloads HTTP/1.1
Host: 10.0.0.1
Authorization: ` + basicDev + `

`

func testWorkloads(t *testing.T, l *lab) {
	l.want(t, l.supers, listDev, `HTTP/1.1 200 OK
Content-Type: application/json

[{"namespace":"ns1","master_host":"10.0.0.1","control_plane_api_server_port":6443,"control_plane_DNS_names":[]},`+
		`{"namespace":"ns2","master_host":"10.0.1.1","control_plane_api_server_port":6443,"control_plane_DNS_names":[]}]
`)
}

func testWorkloadsBasic(t *testing.T, l *lab) {
	const request = "GET /wcp/workloads HTTP/1.1\nHost: 10.0.0.1\n"
	token := l.ask(t, l.supers, loginDev).token
	l.want(t, l.supers, request+"\n", unauthorized)
	l.want(t, l.supers, request+"Authorization: Bearer "+token+"\n\n", unauthorized)
	l.want(t, l.supers, request+"Authorization: "+basicWrong+"\n\n", unauthorized)
	l.ask(t, l.supers, listDev) // A right password forgets the wrong one.
}

func testWorkloadsBadGateway(t *testing.T, l *lab) {
	l.fault(t, fault.Fault{Endpoint: "/wcp/workloads", Status: http.StatusBadGateway})
	if got := l.ask(t, l.supers, listDev).text; !strings.HasPrefix(got, "HTTP/1.1 502 Bad Gateway\n") {
		t.Errorf("the reply is\n%s", got)
	}
}

// entry is an entry of /wcp/workloads as a client reads it.
type entry struct {
	Namespace  string           `json:"namespace"`
	MasterHost string           `json:"master_host"`
	Port       *json.RawMessage `json:"control_plane_api_server_port"`
}

func (l *lab) list(t *testing.T) []entry {
	t.Helper()
	var out []entry
	if err := json.Unmarshal([]byte(l.ask(t, l.supers, listDev).body), &out); err != nil || len(out) != 2 {
		t.Fatalf("%d entries, %v", len(out), err)
	}
	return out
}

func testWorkloadsBareHost(t *testing.T, l *lab) {
	for _, e := range l.list(t) {
		if e.Namespace == "" || net.ParseIP(e.MasterHost) == nil {
			t.Errorf("%+v has no bare address", e)
		}
	}
}

// portTest sets the port by fault and expects its very bytes.
func portTest(port, golden string) func(*testing.T, *lab) {
	return func(t *testing.T, l *lab) {
		l.fault(t, fault.Fault{Endpoint: "/wcp/workloads", Port: &port})
		for _, e := range l.list(t) {
			if e.Port == nil || string(*e.Port) != golden {
				t.Errorf("%s has not the port %s", e.Namespace, golden)
			}
		}
	}
}

func testPortAbsent(t *testing.T, l *lab) {
	l.fault(t, fault.Fault{Endpoint: "/wcp/workloads", Port: new(string)})
	l.want(t, l.supers, listDev, `HTTP/1.1 200 OK
Content-Type: application/json

[{"namespace":"ns1","master_host":"10.0.0.1","control_plane_DNS_names":[]},`+
		`{"namespace":"ns2","master_host":"10.0.1.1","control_plane_DNS_names":[]}]
`)
}

func testWorkloadsTwoSupervisors(t *testing.T, l *lab) {
	if list := l.list(t); list[0].MasterHost == list[1].MasterHost {
		t.Errorf("both namespaces are at %s", list[0].MasterHost)
	}
}

func testNoWorkloads(t *testing.T, l *lab) {
	l.want(t, l.supers, "GET /wcp/workloads HTTP/1.1\nHost: 10.0.0.1\nAuthorization: "+basicNobody+"\n\n",
		"HTTP/1.1 200 OK\nContent-Type: application/json\n\n[]\n")
	l.want(t, l.supers, post("/wcp/login", basicNobody, ""), session)
}

func testPage(t *testing.T, l *lab) {
	l.want(t, l.supers, "GET / HTTP/1.1\nHost: 10.0.0.1\n\n", `HTTP/1.1 200 OK
Content-Type: text/html

<!DOCTYPE html>
<html><head><title>Kubernetes CLI Tools</title></head><body></body></html>
`)
}
