package webconsole

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

func raw(t *testing.T, spec map[string]any) runtime.RawExtension {
	t.Helper()
	text, err := json.Marshal(map[string]any{"metadata": map[string]string{"name": "r"}, "spec": spec})
	if err != nil {
		t.Fatal(err)
	}
	return runtime.RawExtension{Raw: text}
}

// review asks the webhook, and returns why it refuses.
func review(t *testing.T, r admissionv1.AdmissionRequest) string {
	t.Helper()
	text, err := json.Marshal(admissionv1.AdmissionReview{TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"}, Request: &r})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	Review(w, httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(text)))
	var out admissionv1.AdmissionReview
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || out.Response == nil || out.Response.UID != r.UID || out.Kind != "AdmissionReview" {
		t.Fatalf("%s %v", w.Body, err)
	}
	if out.Response.Allowed {
		return ""
	}
	return string(out.Response.Result.Reason)
}

func TestReview(t *testing.T) {
	key := newKey(t, 2048)
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	openssl := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}))
	const invalid = `spec.publicKey: Invalid value: "": invalid public key`
	for name, tc := range map[string]struct {
		resource string
		spec     map[string]any
		want     string
	}{
		"good":                   {"virtualmachinewebconsolerequests", map[string]any{"name": "vm1", "publicKey": pkcs1(key)}, ""},
		"good, of the old kind":  {"webconsolerequests", map[string]any{"virtualMachineName": "vm1", "publicKey": pkcs1(key)}, ""},
		"no machine":             {"virtualmachinewebconsolerequests", map[string]any{"publicKey": pkcs1(key)}, "spec.Name: Required value"},
		"the other kind's field": {"webconsolerequests", map[string]any{"name": "vm1", "publicKey": pkcs1(key)}, "spec.virtualMachineName: Required value"},
		"no key":                 {"virtualmachinewebconsolerequests", map[string]any{"name": "vm1"}, "spec.publicKey: Required value"},
		"nothing":                {"webconsolerequests", nil, "spec.virtualMachineName: Required value, spec.publicKey: Required value"},
		"no PEM":                 {"webconsolerequests", map[string]any{"virtualMachineName": "vm1", "publicKey": "x"}, invalid + " format"},
		"openssl rsa -pubout":    {"virtualmachinewebconsolerequests", map[string]any{"name": "vm1", "publicKey": openssl}, invalid},
		"RSA PUBLIC KEY":         {"virtualmachinewebconsolerequests", map[string]any{"name": "vm1", "publicKey": strings.ReplaceAll(pkcs1(key), "PUBLIC", "RSA PUBLIC")}, invalid + " format"},
	} {
		got := review(t, admissionv1.AdmissionRequest{
			UID: "u", Operation: admissionv1.Create, Resource: metav1.GroupVersionResource{Resource: tc.resource}, Object: raw(t, tc.spec),
		})
		if got != tc.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestImmutable(t *testing.T) {
	update := func(resource, old, now string) string {
		return review(t, admissionv1.AdmissionRequest{
			UID: "u", Operation: admissionv1.Update, Resource: metav1.GroupVersionResource{Resource: resource},
			OldObject: runtime.RawExtension{Raw: []byte(old)}, Object: runtime.RawExtension{Raw: []byte(now)},
		})
	}
	const label = `{"metadata": {"labels": {"vmoperator.vmware.com/webconsolerequest-uuid": "u"}}, "spec": {"name": "vm1", "publicKey": "k"}}`
	for _, tc := range []struct{ resource, old, now, want string }{
		{"virtualmachinewebconsolerequests", `{"spec": {"name": "vm1", "publicKey": "k"}}`, label, ""},
		{"virtualmachinewebconsolerequests", label, `{"spec": {"name": "vm1", "publicKey": "k"}}`, `metadata.labels[vmoperator.vmware.com/webconsolerequest-uuid]: Invalid value: "": field is immutable`},
		{"virtualmachinewebconsolerequests", label, strings.Replace(label, "vm1", "vm2", 1), `spec.Name: Invalid value: "vm2": field is immutable`},
		{"virtualmachinewebconsolerequests", label, strings.Replace(label, `"k"`, `"other"`, 1), `spec.publicKey: Invalid value: "other": field is immutable`},
		{"webconsolerequests", `{"spec": {"virtualMachineName": "vm1"}}`, `{"spec": {"virtualMachineName": "vm2"}}`, `spec.virtualMachineName: Invalid value: "vm2": field is immutable`},
	} {
		if got := update(tc.resource, tc.old, tc.now); got != tc.want {
			t.Errorf("%s to %s: %q", tc.old, tc.now, got)
		}
	}
}

func TestNoReview(t *testing.T) {
	for _, body := range []string{"", "{}", "[]"} {
		w := httptest.NewRecorder()
		Review(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)))
		if w.Code != http.StatusBadRequest {
			t.Errorf("%q is answered with %d", body, w.Code)
		}
	}
}
