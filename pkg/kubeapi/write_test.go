package kubeapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// writes answers what a fake server does not read, and notes it.
type writes struct {
	reply string
	err   error
	sent  []string
}

func (w *writes) server() *Server {
	f, _ := server(nil)
	f.replies["/apis/vmoperator.vmware.com/v1alpha3"] = func(url.Values) string {
		return `{"resources":[{"name":"virtualmachines/status"},{"name":"virtualmachines"}]}`
	}
	return New(func(ctx context.Context, r wire.Request) ([]byte, error) {
		if r.Method == http.MethodGet {
			return f.do(ctx, r)
		}
		w.sent = append(w.sent, r.Method+" "+r.URL+" "+r.Header.Get("Content-Type")+" "+string(r.Body))
		return []byte(w.reply), w.err
	})
}

// A change goes to the version that has the kind, and says whose it is. The server checks all fields.
func TestWrite(t *testing.T) {
	to := Target{Resource: vms, Namespace: "ns1", Name: "a"}
	w := &writes{reply: vm("a")}
	s := w.server()
	given := Fields{"metadata": map[string]any{"labels": map[string]any{"x": "y"}}, "spec": map[string]any{"n": 1}}
	if o, err := s.Create(t.Context(), to, given); err != nil || o.Metadata.Name != "a" {
		t.Error(o, err)
	}
	to.DryRun = true
	if _, err := s.Patch(t.Context(), to, Fields{"spec": map[string]any{"n": 2}}); err != nil {
		t.Error(err)
	}
	if err := s.Delete(t.Context(), to, "u1"); err != nil {
		t.Error(err)
	}
	if err := s.Delete(t.Context(), Target{Resource: vms, Namespace: "ns1", Name: "../a"}, ""); err != nil {
		t.Error(err)
	}
	const whole = `{"apiVersion":"vmoperator.vmware.com/v1alpha3","kind":"VirtualMachine","metadata":{`
	want := []string{
		"POST " + vmList + "?fieldManager=kubectl-vsphere&fieldValidation=Strict application/json " + whole + `"labels":{"x":"y"},"name":"a","namespace":"ns1"},"spec":{"n":1}}`,
		"PATCH " + vmList + `/a?dryRun=All&fieldManager=kubectl-vsphere&fieldValidation=Strict application/merge-patch+json {"spec":{"n":2}}`,
		"DELETE " + vmList + `/a?dryRun=All  {"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"uid":"u1"}}`,
		"DELETE " + vmList + `/..%2Fa  {"apiVersion":"v1","kind":"DeleteOptions"}`,
	}
	if diff := cmp.Diff(want, w.sent); diff != "" {
		t.Error(diff)
	}
	if len(given) != 2 || len(given["metadata"].(map[string]any)) != 1 {
		t.Error("the caller's fields are changed", given)
	}
}

// 409 has a meaning for each change. Other errors stay as they are.
func TestWriteThatIsRefused(t *testing.T) {
	to := Target{Resource: vms, Namespace: "ns1", Name: "a"}
	calls := map[string]func(*Server) error{
		"create": func(s *Server) error { _, err := s.Create(t.Context(), to, nil); return err },
		"patch":  func(s *Server) error { _, err := s.Patch(t.Context(), to, nil); return err },
		"delete": func(s *Server) error { return s.Delete(t.Context(), to, "") },
	}
	for name, call := range calls {
		w := &writes{err: &wire.Error{Status: http.StatusConflict, Kind: wire.ErrServer}}
		if err := call(w.server()); errors.Is(err, ErrExists) != (name == "create") || errors.Is(err, ErrConflict) != (name != "create") || !errors.Is(err, wire.ErrServer) {
			t.Errorf("%s: %v", name, err)
		}
		w.err = &wire.Error{Status: http.StatusForbidden, Kind: wire.ErrForbidden}
		if err := call(w.server()); !errors.Is(err, wire.ErrForbidden) || errors.Is(err, ErrConflict) || errors.Is(err, ErrExists) || len(w.sent) != 2 {
			t.Errorf("%s: %v", name, err)
		}
		if err := call(New((&fake{}).do)); !errors.Is(err, ErrNotServed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, reply := range map[string]string{
		"another object": vm("b"), "another kind": strings.ReplaceAll(vm("a"), "VirtualMachine", "Secret"), "another namespace": strings.ReplaceAll(vm("a"), "ns1", "ns2"), "a page": "<html>", "nothing": "",
	} {
		w := &writes{reply: reply}
		if _, err := w.server().Patch(t.Context(), to, nil); !errors.Is(err, wire.ErrServer) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A kind is written in the version that lists it, and in the one in which it was read.
func TestVersion(t *testing.T) {
	w := &writes{}
	if version, err := w.server().Version(t.Context(), vms); version != "v1alpha3" || err != nil {
		t.Error(version, err)
	}
	if _, err := w.server().Version(t.Context(), Resource{Group: vms.Group, Plural: "others"}); !errors.Is(err, ErrNotServed) {
		t.Error(err)
	}
	f, s := server(func(url.Values) string { return tableOf("") })
	if _, err := read(s); err != nil {
		t.Fatal(err)
	}
	n := len(f.asked)
	if version, err := s.Version(t.Context(), vms); version != "v1alpha3" || err != nil || len(f.asked) != n {
		t.Error(version, err, f.asked[n:])
	}
	f.replies["/api/v1"] = func(url.Values) string { return `{"resources":[{"name":"pods"}]}` }
	if version, err := s.Version(t.Context(), Resource{Plural: "pods", Kind: "Pod"}); version != "v1" || err != nil {
		t.Error(version, err)
	}
	f.replies["/apis/vmoperator.vmware.com/v1alpha4"] = func(url.Values) string { return `[` }
	if _, err := s.Version(t.Context(), Resource{Group: vms.Group, Plural: "others"}); !errors.Is(err, wire.ErrServer) {
		t.Error(err)
	}
}

// Whether a role is missing is asked of the server.
func TestMay(t *testing.T) {
	w := &writes{reply: `{"status":{"allowed":true}}`}
	if may, err := May(t.Context(), w.server(), "patch", Target{Resource: vms, Namespace: "ns1", Name: "a"}); !may || err != nil {
		t.Error(may, err)
	}
	want := []string{`POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews  {"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{"resourceAttributes":{"group":"vmoperator.vmware.com","name":"a","namespace":"ns1","resource":"virtualmachines","verb":"patch"}}}`}
	if diff := cmp.Diff(want, w.sent); diff != "" {
		t.Error(diff)
	}
	for name, w := range map[string]*writes{"no": {reply: `{}`}, "rubbish": {reply: "["}, "an error": {err: wire.ErrUnreachable}} {
		if may, err := May(t.Context(), w.server(), "patch", Target{Resource: vms}); may || (err == nil) != (name == "no") {
			t.Errorf("%s: %v %v", name, may, err)
		}
	}
}

// A JSON patch goes as it is. One whose tests fail is a conflict.
func TestOperate(t *testing.T) {
	to := Target{Resource: vms, Namespace: "ns1", Name: "a"}
	w := &writes{reply: vm("a")}
	s := w.server()
	operations := []Operation{{Op: "test", Path: "/spec/n", Value: 1}, {Op: "replace", Path: "/spec/n", Value: 2}}
	if o, err := s.Operate(t.Context(), to, operations); err != nil || o.Metadata.Name != "a" {
		t.Error(o, err)
	}
	const path = "/apis/vmoperator.vmware.com/v1alpha3/namespaces/ns1/virtualmachines/a?fieldManager=kubectl-vsphere&fieldValidation=Strict"
	want := []string{`PATCH ` + path + ` application/json-patch+json [{"op":"test","path":"/spec/n","value":1},{"op":"replace","path":"/spec/n","value":2}]`}
	if diff := cmp.Diff(want, w.sent); diff != "" {
		t.Error(diff)
	}
	for status, conflict := range map[int]bool{http.StatusUnprocessableEntity: true, http.StatusConflict: true, http.StatusBadGateway: false} {
		w.err = &wire.Error{Status: status, Kind: wire.ErrServer}
		if _, err := s.Operate(t.Context(), to, operations); errors.Is(err, ErrConflict) != conflict {
			t.Errorf("%d: %v", status, err)
		}
	}
}
