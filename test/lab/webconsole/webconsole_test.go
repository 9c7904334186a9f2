package webconsole

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic/fake"
)

const uid = "6b5b8c2e-0d53-4a3e-9a55-4c1f7a7c9a01"

var (
	newRequests = schema.GroupVersionResource{Group: Group, Version: "v1alpha5", Resource: "virtualmachinewebconsolerequests"}
	oldRequests = schema.GroupVersionResource{Group: Group, Version: "v1alpha1", Resource: "webconsolerequests"}
	vms         = schema.GroupVersionResource{Group: Group, Version: "v1alpha5", Resource: "virtualmachines"}
)

func newKey(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func pkcs1(key *rsa.PrivateKey) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&key.PublicKey)}))
}

func object(gvr schema.GroupVersionResource, kind, name string, spec map[string]any) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": gvr.GroupVersion().String(), "kind": kind, "spec": spec}}
	u.SetNamespace("ns1")
	u.SetName(name)
	u.SetUID(types.UID(uid))
	u.SetCreationTimestamp(metav1.NewTime(time.Now()))
	return u
}

// consoles has a Supervisor with the virtual machine vm1 and the loop under way.
func consoles(t *testing.T, objects ...runtime.Object) *Consoles {
	t.Helper()
	client := fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{
		newRequests: "VirtualMachineWebConsoleRequestList", oldRequests: "WebConsoleRequestList", vms: "VirtualMachineList",
	}, append(objects, object(vms, "VirtualMachine", "vm1", nil))...)
	c := &Consoles{
		Client: client, Kinds: Kinds{VirtualMachines: "v1alpha5", Requests: "v1alpha5", OldRequests: "v1alpha1"}, Proxy: "10.0.0.1", Host: "esx1.lab",
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); c.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return c
}

// await returns the request once done says so.
func (c *Consoles) await(t *testing.T, gvr schema.GroupVersionResource, done func(*unstructured.Unstructured) bool) *unstructured.Unstructured {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		u, err := c.Client.Resource(gvr).Namespace("ns1").Get(ctx, "r", metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			u = nil
		case err != nil:
			t.Fatal(err)
		}
		if done(u) {
			return u
		}
		if err := ctx.Err(); err != nil { // The client obeys no context.
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func response(u *unstructured.Unstructured) string {
	if u == nil {
		return ""
	}
	text, _, _ := unstructured.NestedString(u.Object, "status", "response")
	return text
}

// Both kinds of requests are answered for the owner of the key alone, and the proxy then knows them.
func TestAnswer(t *testing.T) {
	key := newKey(t, 3072)
	for _, r := range []struct {
		gvr         schema.GroupVersionResource
		kind, field string
	}{{newRequests, "VirtualMachineWebConsoleRequest", "name"}, {oldRequests, "WebConsoleRequest", "virtualMachineName"}} {
		c := consoles(t, object(r.gvr, r.kind, "r", map[string]any{r.field: "vm1", "publicKey": pkcs1(key)}))
		u := c.await(t, r.gvr, func(u *unstructured.Unstructured) bool { return response(u) != "" })
		text, err := base64.StdEncoding.DecodeString(response(u))
		if err != nil {
			t.Fatal(err)
		}
		to, err := rsa.DecryptOAEP(sha512.New(), nil, key, text, nil)
		if err != nil || !regexp.MustCompile(`^wss://esx1\.lab:443/ticket/[0-9a-f]{16}$`).Match(to) {
			t.Errorf("%s: %s %v", r.kind, to, err)
		}
		status, _, _ := unstructured.NestedStringMap(u.Object, "status")
		expiry, err := time.Parse(time.RFC3339, status["expiryTime"])
		if err != nil || expiry.Sub(u.GetCreationTimestamp().Time).Round(time.Second) != 120*time.Second || status["proxyAddr"] != "10.0.0.1" {
			t.Errorf("%s: %v", r.kind, status)
		}
		if u.GetLabels()[Label] != uid {
			t.Errorf("%s: labels %v", r.kind, u.GetLabels())
		}
		checkProxy(t, c)
	}
}

func checkProxy(t *testing.T, c *Consoles) {
	t.Helper()
	for query, want := range map[string]int{
		"uuid=" + uid + "&namespace=ns1&host=esx1.lab&port=443&ticket=x": http.StatusOK,
		"uuid=" + uid:                      http.StatusBadRequest,
		"namespace=ns1":                    http.StatusBadRequest,
		"uuid=" + uid + "&namespace=":      http.StatusBadRequest,
		"uuid=" + uid + "&namespace=ns2":   http.StatusForbidden,
		"uuid=6b5b8c2e-0&namespace=ns1":    http.StatusForbidden,
		"uuid=%21%21&namespace=ns1":        http.StatusForbidden,
		"uuid=a%2Cb%3Dc&namespace=ns1":     http.StatusForbidden,
		"uuid=" + uid + "&namespace=..%2F": http.StatusForbidden,
	} {
		if got := c.ask(query); got != want {
			t.Errorf("%s is answered with %d", query, got)
		}
	}
}

func (c *Consoles) ask(query string) int {
	w := httptest.NewRecorder()
	c.ServeHTTP(w, &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/vm/web-console/proxy", RawQuery: query}})
	return w.Code
}

// A request for a machine that is not there waits for it. Others are never answered: a bad key, one too short for the URL, and what is in a
// namespace that is VM Operator's.
func TestNotYetAnswered(t *testing.T) {
	key := newKey(t, 3072)
	c := consoles(t, object(newRequests, "VirtualMachineWebConsoleRequest", "r", map[string]any{"name": "vm2", "publicKey": pkcs1(key)}))
	if _, err := c.Client.Resource(vms).Namespace("ns1").Create(t.Context(), object(vms, "VirtualMachine", "vm2", nil), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	c.await(t, newRequests, func(u *unstructured.Unstructured) bool { return response(u) != "" })

	c = consoles(t)
	for _, spec := range []map[string]any{
		{"name": "vm3", "publicKey": pkcs1(key)}, {"name": "vm1", "publicKey": "x"}, {"name": "vm1", "publicKey": pkcs1(newKey(t, 1024))},
	} {
		if err := c.handle(t.Context(), c.Kinds.requests()[0], object(newRequests, "VirtualMachineWebConsoleRequest", "other", spec)); err != nil {
			t.Errorf("%v: %v", spec, err)
		}
	}
	operated := *c
	operated.Except = "ns1"
	request := object(newRequests, "VirtualMachineWebConsoleRequest", "other", map[string]any{"name": "vm1", "publicKey": pkcs1(key)})
	for range 2 { // also when its time is over
		if err := operated.handle(t.Context(), c.Kinds.requests()[0], request); err != nil {
			t.Error(err)
		}
		request.SetCreationTimestamp(metav1.NewTime(time.Now().Add(-lifetime)))
	}
	for _, verb := range c.Client.(*fake.FakeDynamicClient).Actions() {
		if verb.GetVerb() == "patch" || verb.GetVerb() == "delete" {
			t.Errorf("%v", verb)
		}
	}
}

// After two minutes a request is gone, answered or not, and the proxy does not know it any more.
func TestDeletion(t *testing.T) {
	old := object(newRequests, "VirtualMachineWebConsoleRequest", "r", map[string]any{"name": "vm2", "publicKey": pkcs1(newKey(t, 3072))})
	old.SetLabels(map[string]string{Label: uid})
	old.SetCreationTimestamp(metav1.NewTime(time.Now().Add(-lifetime)))
	c := consoles(t, old)
	c.await(t, newRequests, func(u *unstructured.Unstructured) bool { return u == nil })
	if got := c.ask("uuid=" + uid + "&namespace=ns1"); got != http.StatusForbidden {
		t.Errorf("%d", got)
	}

	young := object(newRequests, "VirtualMachineWebConsoleRequest", "r", map[string]any{})
	client := fake.NewSimpleDynamicClient(runtime.NewScheme(), young)
	early := &Consoles{Client: client, Kinds: c.Kinds, now: func() time.Time { return young.GetCreationTimestamp().Add(lifetime - time.Second) }}
	if err := early.handle(t.Context(), early.Kinds.requests()[0], young); err != nil {
		t.Fatal(err)
	}
	for _, a := range client.Actions() {
		if a.GetVerb() == "delete" {
			t.Error("deleted a second too early")
		}
	}
}
