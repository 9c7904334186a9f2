package manifest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeapi"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tkg"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// parsed is an object of a server that has only that.
func parsed(t *testing.T, r kubeapi.Resource, text string) kubeapi.Object {
	t.Helper()
	s := kubeapi.New(func(_ context.Context, q wire.Request) ([]byte, error) {
		if q.URL == "/apis/"+r.Group {
			return []byte(`{"versions":[{"version":"v1"}]}`), nil
		}
		return []byte(`{"apiVersion":"` + r.Group + `/v1","kind":"` + r.Kind + `",` + strings.TrimPrefix(text, "{")), nil
	})
	o, err := s.Get(t.Context(), r, "", "one")
	if err != nil {
		t.Fatal(text, err)
	}
	return o
}

const tanzu = `{"metadata":{"name":"old","uid":"u"},"spec":{"topology":{"controlPlane":{"replicas":1,"tkr":{"reference":{"name":"v1.33.3"}}},
"nodePools":[{"name":"a","replicas":2,"tkr":{"reference":{"name":"v1.33.3"}}},{"name":"b"}]}}}`

// The older kind of cluster has its release in several places.
func TestChangesOfATanzuKubernetesCluster(t *testing.T) {
	o := parsed(t, tkg.TanzuClusterResource, tanzu)
	c, err := Upgrade(o, "v1.33.6")
	var paths []string
	for _, op := range c.Operations {
		paths = append(paths, op.Op+" "+op.Path)
	}
	const base = "/spec/topology/"
	want := []string{
		"test /metadata/uid", "test " + base + "controlPlane/tkr/reference/name", "replace " + base + "controlPlane/tkr/reference/name",
		"test " + base + "nodePools/0/tkr/reference/name", "replace " + base + "nodePools/0/tkr/reference/name",
	}
	if diff := cmp.Diff(want, paths); diff != "" || err != nil || c.From != "v1.33.3" {
		t.Error(diff, err, c.From)
	}
	if c, err := Upgrade(o, "v1.33.3"); err != nil || len(c.Operations) > 0 {
		t.Error(c, err)
	}
	c, err = Scale(o, "b", 3)
	last := kubeapi.Operation{Op: "add", Path: base + "nodePools/1/replicas", Value: 3}
	if err != nil || len(c.Operations) != 3 || c.Operations[1].Value != "b" || c.Operations[2] != last {
		t.Error(c, err)
	}
	var wrong *PoolError
	if _, err := Scale(o, "c", 1); !errors.As(err, &wrong) || !strings.Contains(err.Error(), "there are a, b") {
		t.Error(err)
	}
	if _, err := Scale(parsed(t, tkg.ClusterResource, `{"metadata":{"name":"x"},"spec":{}}`), "c", 1); !errors.Is(err, ErrNoTopology) {
		t.Error(err)
	}
}

// Releases that the Supervisor offers are taken as they are; else those that are newer, and not more than one minor version.
func TestUpgrades(t *testing.T) {
	o := offered()
	var got []string
	for _, u := range o.Upgrades("v1.33.3---vmware.1", nil) {
		got = append(got, u.Release+" "+u.Why)
	}
	want := []string{"v1.33.9---vmware.1 is not ready", "v1.33.10---vmware.1 ", "v1.34.1---vmware.1 ", "v1.34.2---vmware.1 has no image yet: those of new releases come minutes later"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := o.Upgrades("v1.33.3---vmware.1", []string{"v1.34.7", "v1.33.10---vmware.1"}); len(got) != 2 || got[0].Why != "" || got[1].Why != "is not there" {
		t.Error(got)
	}
	choices := o.Upgrades("v1.33.3---vmware.1", []string{"v1.33.10---vmware.1", "v1.34.2---vmware.1"})
	for to, want := range map[string]string{
		"v1.33.10---vmware.1": "", "v1.34.2---vmware.1": "has no image yet", "v1.35.0---vmware.1": "more than one minor version", "v1.31.0---vmware.1": "is older",
		"v1.34.1---vmware.1": "does not offer", "v1.34.9": "there is no release",
	} {
		if why := o.WhyNot("v1.33.3---vmware.1", to, choices); want == "" && why != "" || !strings.Contains(why, want) {
			t.Errorf("%s: %q", to, why)
		}
	}
}

// A change is done when every node is as it should be, and the controllers have seen it.
func TestRoll(t *testing.T) {
	const ready = `"conditions":[{"type":"Available","status":"True"},{"type":"TopologyReconciled","status":"True"}`
	cluster := func(meta, status string) kubeapi.Object {
		return parsed(t, tkg.ClusterResource, `{"metadata":{"name":"shop","generation":2`+meta+`},"spec":{"topology":{"version":"v1.33.6---vmware.1-fips-vkr.2","controlPlane":{"replicas":1},
"workers":{"machineDeployments":[{"name":"a","replicas":1}]}}},"status":{`+status+`}}`)
	}
	machine := func(role, version, rest string) kubeapi.Object {
		return parsed(t, tkg.MachineResource, fmt.Sprintf(`{"metadata":{"name":"m","labels":{%s}},"spec":{"version":%q},"status":{"conditions":[%s]}}`, role, version, rest))
	}
	const control, a, up = `"cluster.x-k8s.io/control-plane":""`, `"topology.cluster.x-k8s.io/deployment-name":"a"`, `{"type":"Ready","status":"True"}`
	const now, was = "v1.33.6+vmware.1-fips", "v1.33.3+vmware.1-fips"
	good := []kubeapi.Object{machine(control, now, up), machine(a, now, up)}
	for name, c := range map[string]struct {
		status   string
		machines []kubeapi.Object
		done     bool
		new, old int
	}{
		"done":                        {ready + `]`, good, true, 2, 0},
		"an old node":                 {ready + `]`, append(good[:1:1], machine(a, was, up)), false, 1, 1},
		"one more that goes":          {ready + `]`, append(good[:2:2], machine(a, was, up)), false, 2, 1},
		"one of an earlier class":     {ready + `]`, append(good[:1:1], machine(a, now, up+`,{"type":"UpToDate","status":"False"}`)), false, 1, 1},
		"one that is not ready":       {ready + `]`, append(good[:1:1], machine(a, now, `{"type":"Ready","status":"False"}`)), false, 1, 0},
		"one that is missing":         {ready + `]`, good[:1], false, 1, 0},
		"one that is nobody's":        {ready + `]`, append(good[:1:1], machine(`"x":""`, now, up)), false, 2, 0},
		"one of a similar version":    {ready + `]`, append(good[:1:1], machine(a, "v1.33.6+vmware.1-fip", up)), false, 1, 1},
		"not available":               {`"conditions":[{"type":"Available","status":"False"}]`, good, false, 2, 0},
		"rolling":                     {ready + `,{"type":"RollingOut","status":"True","message":"one by one"}]`, good, false, 2, 0},
		"not reconciled":              {strings.Replace(ready, `"TopologyReconciled","status":"True"`, `"TopologyReconciled","status":"False","message":"upgrading"`, 1) + `]`, good, false, 2, 0},
		"nobody has seen it":          {`"observedGeneration":1,` + ready + `]`, good, false, 2, 0},
		"the topology is of before":   {strings.Replace(ready, `"TopologyReconciled","status":"True"`, `"TopologyReconciled","status":"True","observedGeneration":1`, 1) + `]`, good, false, 2, 0},
		"without the newer condition": {`"conditions":[{"type":"Ready","status":"True"}]`, good, true, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			o := cluster("", c.status)
			if r := RollOf(o, o, c.machines); r.Done != c.done || r.New != c.new || r.Old != c.old || r.Wanted != 2 {
				t.Errorf("%+v", r)
			}
		})
	}
	o := cluster("", ready+`,{"type":"RollingOut","status":"True","message":"one\n  by one"}]`)
	if r := RollOf(o, o, nil); r.Waits != "one by one" {
		t.Errorf("%+v", r)
	}
}

// What stands in the way of new nodes is hard or not.
func TestBlocks(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want string
		hard bool
	}{
		"nothing":       {`{"metadata":{"name":"a"},"spec":{"topology":{"controlPlane":{"replicas":3}}},"status":{"conditions":[{"type":"Available","status":"True"}]}}`, "", false},
		"paused":        {`{"metadata":{"name":"a"},"spec":{"paused":true}}`, "it is paused", true},
		"deleted":       {`{"metadata":{"name":"a","deletionTimestamp":"2026-11-27T08:00:00Z"}}`, "being deleted", true},
		"not ready":     {`{"metadata":{"name":"a"},"status":{"conditions":[{"type":"Available","status":"False"}]}}`, "it is not ready", true},
		"rolling":       {`{"metadata":{"name":"a"},"status":{"conditions":[{"type":"Available","status":"True"},{"type":"RollingOut","status":"True"}]}}`, "being replaced already", true},
		"changing":      {`{"metadata":{"name":"a","generation":2},"status":{"observedGeneration":1,"conditions":[{"type":"Available","status":"True"}]}}`, "last change is not done", true},
		"applied":       {`{"metadata":{"name":"a","managedFields":[{"manager":"gitops","operation":"Apply","fieldsV1":{"f:spec":{"f:topology":{"f:version":{}}}}}]},"spec":{"topology":{"controlPlane":{"replicas":3}}},"status":{"conditions":[{"type":"Available","status":"True"}]}}`, "gitops applies its release, and sets it back", true},
		"one node":      {`{"metadata":{"name":"a"},"spec":{"topology":{"controlPlane":{"replicas":1}}},"status":{"conditions":[{"type":"Available","status":"True"}]}}`, "control plane has one node", false},
		"one in a pool": {`{"metadata":{"name":"a"},"spec":{"topology":{"workers":{"machineDeployments":[{"name":"p","replicas":1}]}}},"status":{"conditions":[{"type":"Available","status":"True"}]}}`, "its pool p has one node", false},
	} {
		t.Run(name, func(t *testing.T) {
			o := parsed(t, tkg.ClusterResource, c.text)
			got := Blocks(o, o)
			if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || got[0].Hard != c.hard || !strings.Contains(got[0].Text, c.want)) {
				t.Errorf("%+v", got)
			}
		})
	}
}
