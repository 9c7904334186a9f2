package doctorcmd_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest/objecttest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/doctor"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// A cluster that refuses a good token is gone, was made again, is new or is ill. The Supervisor tells which, also when one context is meant. If
// it cannot be asked, no cause is claimed.
func TestWhyAClusterRefuses(t *testing.T) {
	const login = "kubectl vsphere login --server 10.0.0.1 -u dev@vsphere.local"
	holds := func(objects ...string) func(r rig) {
		return func(r rig) {
			r.site.Hold(objecttest.Holding{Group: "cluster.x-k8s.io", Version: "v1beta2", Plural: "clusters", Kind: "Cluster", Objects: objects})
		}
	}
	made := func(ago time.Duration) func(r rig) {
		return func(r rig) {
			holds(`{"metadata":{"name":"tkc1","namespace":"ns1","creationTimestamp":"` + r.Now().Add(-ago).UTC().Format(time.RFC3339) + `"},"spec":{}}`)(r)
		}
	}
	then := func(all ...func(r rig)) func(r rig) {
		return func(r rig) {
			for _, do := range all {
				do(r)
			}
		}
	}
	later := func(r rig) { r.Advance(time.Hour) }
	for name, tc := range map[string]struct {
		sick         func(r rig)
		says, remedy string
	}{
		"gone":       {holds(), "the cluster ns1/tkc1 is no longer at the Supervisor; what answers at its address refuses the token", "Type: kubectl config delete-context tkc1"},
		"made again": {then(later, made(30*time.Minute)), "the cluster ns1/tkc1 was made again 30m", "Type: " + login},
		"new":        {made(5 * time.Minute), "the cluster ns1/tkc1 is new (5m", "Wait until it takes the token. Type: " + login + " --wait 15m"},
		"ill":        {made(48 * time.Hour), "its authentication webhook is not up", "Type: kubectl vsphere describe cluster ns1/tkc1"},
		"unknown, the Supervisor is down": {then(made(48*time.Hour), func(r rig) { r.Down("10.0.0.1:6443") }),
			"Why is not known: the Supervisor could not be asked about the cluster", "Type: " + login},
		"unknown, the Supervisor is in trouble": {func(r rig) {
			r.site.Replies["GET /apis/cluster.x-k8s.io"] = consoletest.Status(http.StatusBadGateway, "")
		}, "Why is not known: ", "Type: " + login},
		"unknown, the Supervisor has no such kind": {func(r rig) {
			r.site.Replies["GET /apis/cluster.x-k8s.io"] = consoletest.Status(http.StatusNotFound, "")
		}, "Why is not known: ", "Type: " + login},
		"unknown, it has no age": {holds(`{"metadata":{"name":"tkc1","namespace":"ns1"},"spec":{}}`), "Why is not known: ", "Type: " + login},
	} {
		for _, args := range [][]string{nil, {"--context", "tkc1"}, {"--server", "10.0.0.1"}} {
			t.Run(strings.Join(append([]string{name}, args...), " "), func(t *testing.T) {
				r := well(t)
				tc.sick(r)
				r.cluster().Replies["GET /version"] = consoletest.Status(http.StatusUnauthorized, "")
				result := check(t, r.report(t, failure.Failed, args...), "webhook")
				f := result.Findings[0]
				if f.State != doctor.Problem || f.About != "context tkc1" || !strings.Contains(f.Says, tc.says) || !strings.HasSuffix(f.Remedy, tc.remedy) {
					t.Errorf("%+v", f)
				}
				if strings.HasPrefix(name, "unknown") && strings.Contains(f.Says, "webhook") {
					t.Errorf("it claims a cause: %s", f.Says)
				}
			})
		}
	}
}
