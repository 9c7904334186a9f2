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
	return out.Response.Result.Message
}

func TestReview(t *testing.T) {
	key := newKey(t, 2048)
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	openssl := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}))
	const invalid = `spec.publicKey: Invalid value: "": invalid public key format`
	for name, tc := range map[string]struct {
		resource string
		spec     map[string]any
		want     string
	}{
		"good":                   {"virtualmachinewebconsolerequests", map[string]any{"name": "vm1", "publicKey": pkcs1(key)}, ""},
		"good, of the old kind":  {"webconsolerequests", map[string]any{"virtualMachineName": "vm1", "publicKey": pkcs1(key)}, ""},
		"no machine":             {"virtualmachinewebconsolerequests", map[string]any{"publicKey": pkcs1(key)}, "spec.name: Required value"},
		"the other kind's field": {"webconsolerequests", map[string]any{"name": "vm1", "publicKey": pkcs1(key)}, "spec.virtualMachineName: Required value"},
		"no key":                 {"virtualmachinewebconsolerequests", map[string]any{"name": "vm1"}, invalid},
		"openssl rsa -pubout":    {"virtualmachinewebconsolerequests", map[string]any{"name": "vm1", "publicKey": openssl}, invalid},
		"RSA PUBLIC KEY":         {"virtualmachinewebconsolerequests", map[string]any{"name": "vm1", "publicKey": strings.ReplaceAll(pkcs1(key), "PUBLIC", "RSA PUBLIC")}, invalid},
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
	old := map[string]any{"name": "vm1", "publicKey": "k"}
	update := func(spec map[string]any) string {
		return review(t, admissionv1.AdmissionRequest{UID: "u", Operation: admissionv1.Update, OldObject: raw(t, old), Object: raw(t, spec)})
	}
	if got := update(old); got != "" {
		t.Errorf("a new label: %s", got)
	}
	if got := update(map[string]any{"name": "vm2", "publicKey": "k"}); !strings.Contains(got, "immutable") {
		t.Errorf("another machine: %q", got)
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
