package kubeapi

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// Kinds are asked of each version, without their parts. A version that does not answer is named, and any other trouble is an error.
func TestKinds(t *testing.T) {
	replies := map[string]string{
		"/apis":         `{"groups":[{"name":"x.io","versions":[{"version":"v1"},{"version":"v2"}]}]}`,
		"/api/v1":       `{"resources":[{"name":"nodes","kind":"Node","verbs":["get"]},{"name":"nodes/proxy","verbs":["get"]},{"name":"pods","kind":"Pod","namespaced":true}]}`,
		"/apis/x.io/v1": `{"resources":[{"name":"xs","kind":"X"}]}`,
	}
	failed := wire.ErrServer
	s := New(func(_ context.Context, r wire.Request) ([]byte, error) {
		if text, ok := replies[r.URL]; ok {
			return []byte(text), nil
		}
		return nil, failed
	})
	kinds, missed, err := Kinds(t.Context(), s)
	want := []Kind{
		{Resource: Resource{Plural: "nodes", Kind: "Node"}, Verbs: []string{"get"}},
		{Resource: Resource{Plural: "pods", Kind: "Pod"}, Namespaced: true},
		{Resource: Resource{Group: "x.io", Plural: "xs", Kind: "X"}},
	}
	if diff := cmp.Diff(want, kinds); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if diff := cmp.Diff([]string{"x.io/v2"}, missed); diff != "" {
		t.Error(diff)
	}
	failed = wire.ErrForbidden
	if _, _, err := Kinds(t.Context(), s); !errors.Is(err, wire.ErrForbidden) {
		t.Error(err)
	}
	replies["/apis"] = `{"groups":[{"name":"x/../y","versions":[{"version":"v1"}]}]}`
	if _, _, err := Kinds(t.Context(), s); !errors.Is(err, wire.ErrServer) {
		t.Error(err)
	}
}
