package session

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// A cluster at the address of its predecessor is waited for until that is certain: it may be in the middle of a change.
func TestJudge(t *testing.T) {
	own := "10.0.0.8"
	server := kubeapi.New(func(_ context.Context, r wire.Request) ([]byte, error) {
		switch path, _, _ := strings.Cut(r.URL, "?"); path {
		case "/apis/cluster.x-k8s.io", "/apis/vmoperator.vmware.com":
			return []byte(`{"versions":[{"version":"v1"}]}`), nil
		case "/apis/cluster.x-k8s.io/v1/namespaces/ns1/clusters/shop":
			return []byte(`{"apiVersion":"cluster.x-k8s.io/v1","kind":"Cluster","metadata":{"name":"shop","namespace":"ns1"},"spec":{"infrastructureRef":{"name":"infra"}}}`), nil
		case "/apis/vmoperator.vmware.com/v1/namespaces/ns1/virtualmachineservices":
			return []byte(`{"apiVersion":"vmoperator.vmware.com/v1","kind":"VirtualMachineServiceList","items":[{"metadata":{"name":"shop","namespace":"ns1",
"ownerReferences":[{"kind":"VSphereCluster","name":"infra"}]},"spec":{"type":"LoadBalancer"},"status":{"loadBalancer":{"ingress":[{"ip":"` + own + `"}]}}}]}`), nil
		}
		return nil, &wire.Error{Status: http.StatusNotFound, Kind: wire.ErrNotFound}
	})
	now := time.Unix(0, 0)
	unused := errors.New("does not answer")
	known := login.Cluster{Namespace: "ns1", Name: "shop", Server: "10.0.0.7"}
	var failed, unknown error = unused, nil
	judged := Judged(func(context.Context, login.Cluster) (login.Cluster, bool, error) { return known, false, failed },
		func(context.Context, login.Cluster) (*kubeapi.Server, error) { return server, unknown }, func() time.Time { return now })
	for _, step := range []struct {
		name   string
		change func()
		passes bool
		want   string
	}{
		{"seen", func() {}, true, "it advertises 10.0.0.7"},
		{"soon after", func() { now = now.Add(9 * time.Second) }, true, "its load balancer has 10.0.0.8"},
		{"certain", func() { now = now.Add(time.Second) }, false, "it will not come up"},
		{"by a URL", func() { known.URL, known.Server = "https://10.0.0.7:6443", "" }, false, "it advertises 10.0.0.7"},
		{"its own after all", func() { own = "10.0.0.7" }, false, "does not answer"},
		{"again", func() { own = "10.0.0.9" }, true, "10.0.0.9"},
		{"nobody knows", func() { unknown = errors.New("down") }, false, "does not answer"},
		{"without an address", func() { unknown, known.URL = nil, "" }, false, "does not answer"},
		{"of an odd URL", func() { known.URL = "https://u@10.0.0.7" }, false, "does not answer"},
		{"up", func() { failed, known.URL = nil, "https://10.0.0.7:6443" }, false, ""},
	} {
		step.change()
		c, passes, err := judged(t.Context(), login.Cluster{Credential: tokens.Credential{}})
		text := ""
		if err != nil {
			text = err.Error()
		}
		var readdressed *tkg.ReaddressedError
		if c.Name != "shop" || passes != step.passes || !strings.Contains(text, step.want) || (text == "") != (step.want == "") {
			t.Errorf("%s: %v %v", step.name, passes, err)
		}
		if is := errors.As(err, &readdressed); is == (err == nil || errors.Is(err, unused)) {
			t.Errorf("%s: %T", step.name, err)
		}
	}
}
