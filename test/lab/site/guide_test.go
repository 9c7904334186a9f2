package site

import (
	"strings"
	"testing"
)

func TestGuide(t *testing.T) {
	var got strings.Builder
	Lab{
		VCenter: LabVCenter{Host: "127.77.1.2", CA: "/lab/ca.pem"},
		Supervisors: []LabSupervisor{
			{Server: "127.77.1.11", CA: "/lab/ca.pem", Namespaces: []string{"ns1", "ns2"}, Clusters: []LabCluster{{Namespace: "ns1", Name: "tkc1"}}},
			{Server: "127.77.1.12", CA: "/lab/ca.pem", Namespaces: []string{"ns3"}},
		},
		Users: []LabUser{
			{Username: "administrator@vsphere.local", Password: "Admin!23", Namespaces: []string{"ns1"}},
			{Username: "dev@vsphere.local", Password: "VMware1!", Namespaces: []string{"ns1", "ns3"}},
		},
		OIDC:     LabOIDC{Issuer: "https://127.77.1.3/dex", Server: "127.77.1.30"},
		Registry: &LabRegistry{Host: "127.77.1.31"},
		Admin:    "http://127.77.1.1:8090/s/",
	}.Guide(&got, "/lab")
	want := `The lab is ready: /lab/lab.json has the details.

  vCenter                     https://127.77.1.2
  Supervisor 1                https://127.77.1.11   namespaces ns1, ns2; cluster ns1/tkc1
  Supervisor 2                https://127.77.1.12   namespaces ns3
  with an identity provider   https://127.77.1.30   of Supervisor 1
  OpenID provider (Dex)       https://127.77.1.3/dex
  registry                    https://127.77.1.31
  CA of all these             /lab/ca.pem
  admin API                   http://127.77.1.1:8090/s/

Users:

  administrator@vsphere.local   Admin!23   ns1
  dev@vsphere.local             VMware1!   ns1, ns3

Try, in another terminal:

  export KUBECTL_VSPHERE_PASSWORD='VMware1!'
  kubectl vsphere login --server 127.77.1.11 -u dev@vsphere.local --certificate-authority /lab/ca.pem
  kubectl --context ns1 get clusters
  kubectl --context tkc1 get namespaces
  curl --cacert /lab/ca.pem -u dev@vsphere.local:'VMware1!' -X POST https://127.77.1.2/api/session

Ctrl-C ends the lab.
`
	if got.String() != want {
		t.Errorf("the guide is\n%s\nand should be\n%s", got.String(), want)
	}
}
