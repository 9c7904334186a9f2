package supervisor_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

const (
	capiGroup = "GET /apis/cluster.x-k8s.io"
	tkcGroup  = "GET /apis/run.tanzu.vmware.com"
	capiList  = "GET /apis/cluster.x-k8s.io/v1beta2/namespaces/team-a/clusters?limit=500"
	capiPage2 = "GET /apis/cluster.x-k8s.io/v1beta2/namespaces/team-a/clusters?continue=page+2%26&limit=500"
	tkcList   = "GET /apis/run.tanzu.vmware.com/v1alpha3/namespaces/team-a/tanzukubernetesclusters?limit=500"
)

func group(preferred string) []answer {
	return ok(`{"kind":"APIGroup","versions":[{"version":"v1beta1"}],"preferredVersion":{"groupVersion":"g/` + preferred + `","version":"` + preferred + `"}}`)
}

// site is a Supervisor that serves both kinds, one cluster of each; change puts other replies in their place.
func site(change map[string][]answer) map[string][]answer {
	replies := map[string][]answer{
		capiGroup: group("v1beta2"), tkcGroup: group("v1alpha3"),
		capiList: ok(objects("capi", "", "one")), tkcList: ok(objects("tkc", "", "two")),
	}
	for name, answers := range change {
		replies[name] = answers
	}
	return replies
}

func cluster(kind, name string) supervisor.Cluster {
	return supervisor.Cluster{Namespace: "team-a", Name: name, UID: kind + "-" + name}
}

func TestClusters(t *testing.T) {
	one, two := cluster("capi", "one"), cluster("tkc", "two")
	for name, tc := range map[string]struct {
		change map[string][]answer
		want   []supervisor.Cluster
	}{
		"both kinds, sorted": {nil, []supervisor.Cluster{one, two}},
		"twins are one, with the UID of the Cluster API": {
			map[string][]answer{capiList: ok(objects("capi", "", "two", "one")), tkcList: ok(objects("tkc", "", "one", "two"))},
			[]supervisor.Cluster{one, cluster("capi", "two")},
		},
		"pages": {
			map[string][]answer{capiList: ok(objects("capi", "page 2&", "one")), capiPage2: ok(objects("capi", "", "three"))},
			[]supervisor.Cluster{one, cluster("capi", "three"), two},
		},
		"a page that names itself as the next": {
			map[string][]answer{capiList: ok(objects("capi", "page 2&", "one")), capiPage2: ok(objects("capi", "page 2&", "three"))},
			[]supervisor.Cluster{one, cluster("capi", "three"), two},
		},
		"a list that begins again at 410": {
			map[string][]answer{
				capiList:  {{200, objects("capi", "page 2&", "gone")}, {200, objects("capi", "page 2&", "one")}},
				capiPage2: {{410, `{"message":"too old"}`}, {200, objects("capi", "", "three")}},
			},
			[]supervisor.Cluster{one, cluster("capi", "three"), two},
		},
		"the older kind is not served":   {map[string][]answer{tkcGroup: {{404, ""}}}, []supervisor.Cluster{one}},
		"the newer kind is not served":   {map[string][]answer{capiGroup: {{404, ""}}}, []supervisor.Cluster{two}},
		"no kind is served":              {map[string][]answer{capiGroup: {{404, ""}}, tkcGroup: {{404, ""}}}, []supervisor.Cluster{}},
		"the older kind may not be seen": {map[string][]answer{tkcList: {{403, ""}}}, []supervisor.Cluster{one}},
		"the resource is not served":     {map[string][]answer{tkcList: {{404, ""}}}, []supervisor.Cluster{one}},
		"an invalid name is left out":    {map[string][]answer{capiList: ok(objects("capi", "", "../x", "One", "", "one"))}, []supervisor.Cluster{one, two}},
		"an empty list":                  {map[string][]answer{capiList: ok(`{"items":null}`), tkcList: ok(`{}`)}, []supervisor.Cluster{}},
	} {
		c, _ := client(t, site(tc.change))
		got, err := c.As(held(c, disclose.SupervisorToken, token)).Clusters(t.Context(), "team-a")
		if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

func TestClustersFails(t *testing.T) {
	for name, tc := range map[string]struct {
		change map[string][]answer
		kind   error
		says   string
	}{
		"neither may be listed":     {map[string][]answer{capiList: {{403, ""}}, tkcList: {{403, ""}}}, wire.ErrForbidden, "forbidden (403)"},
		"the newer may not":         {map[string][]answer{capiList: {{403, ""}}}, wire.ErrForbidden, "forbidden (403)"},
		"the token is refused":      {map[string][]answer{capiList: {{401, ""}}}, wire.ErrRefused, "unauthorized (401)"},
		"a server that fails":       {map[string][]answer{tkcList: {{500, "etcd is away"}}}, wire.ErrServer, "etcd is away"},
		"one fails, one is closed":  {map[string][]answer{capiList: {{403, ""}}, tkcList: {{500, ""}}}, wire.ErrServer, "internal server error"},
		"a 410 that comes again":    {map[string][]answer{capiList: {{410, ""}}}, wire.ErrServer, "gone (410)"},
		"HTML":                      {map[string][]answer{capiList: ok("<html>")}, wire.ErrServer, "a page of HTML"},
		"truncated JSON":            {map[string][]answer{capiList: ok(`{"items":[`)}, wire.ErrServer, "ends too early"},
		"a group that fails":        {map[string][]answer{capiGroup: {{503, ""}}}, wire.ErrServer, "/apis/cluster.x-k8s.io: service unavailable"},
		"a group without a version": {map[string][]answer{capiGroup: ok(`{}`)}, wire.ErrServer, "names no preferred version"},
		"a version that is a path":  {map[string][]answer{capiGroup: group("../../x")}, wire.ErrServer, "names no preferred version"},
		"an error on the next page": {map[string][]answer{capiList: ok(objects("capi", "page 2&")), capiPage2: {{500, ""}}}, wire.ErrServer, "clusters: internal"},
		"a list without end": {map[string][]answer{
			capiList: ok(objects("capi", "page 2&")), capiPage2: ok(objects("b", "c")),
			strings.Replace(capiPage2, "page+2%26", "c", 1): ok(objects("d", "page 2&")),
		}, wire.ErrServer, "the list does not end"},
		"a next page that is no more": {map[string][]answer{capiList: ok(objects("capi", "page 2&")), capiPage2: {{403, ""}}}, wire.ErrForbidden, "clusters: forbidden"},
	} {
		c, _ := client(t, site(tc.change))
		_, err := c.As(held(c, disclose.SupervisorToken, token)).Clusters(t.Context(), "team-a")
		if !errors.Is(err, tc.kind) || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: got %v, want %v that says %q", name, err, tc.kind, tc.says)
			continue
		}
		for _, hidden := range []string{token.Reveal(), "limit=", "continue="} {
			if strings.Contains(err.Error(), hidden) {
				t.Errorf("%s: %q shows %q", name, err.Error(), hidden)
			}
		}
	}
}

func TestClustersAsksForMetadataWithTheToken(t *testing.T) {
	c, f := client(t, site(nil))
	if _, err := c.As(held(c, disclose.SupervisorToken, token)).Clusters(t.Context(), "team-a"); err != nil {
		t.Fatal(err)
	}
	for _, r := range f.requests {
		if r.Header.Get("Authorization") != "Bearer "+token.Reveal() {
			t.Errorf("%s has the Authorization %q", r.RequestURI, r.Header.Get("Authorization"))
		}
		if list := strings.Contains(r.RequestURI, "namespaces"); list != strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadataList") {
			t.Errorf("%s accepts %q", r.RequestURI, r.Header.Get("Accept"))
		}
	}
}

func TestAVersionIsAskedForOnce(t *testing.T) {
	c, f := client(t, site(nil))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := c.As(held(c, disclose.SupervisorToken, token)).Clusters(t.Context(), "team-a"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if f.count(capiGroup) != 1 || f.count(tkcGroup) != 1 || f.count(capiList) != 8 {
		t.Errorf("%d and %d questions for a version, %d lists", f.count(capiGroup), f.count(tkcGroup), f.count(capiList))
	}
}

func TestClustersEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c, f := client(t, nil)
	if _, err := c.As(held(c, disclose.SupervisorToken, token)).Clusters(ctx, "team-a"); !errors.Is(err, context.Canceled) || len(f.requests) > 0 {
		t.Errorf("%v after %d requests", err, len(f.requests))
	}
}
