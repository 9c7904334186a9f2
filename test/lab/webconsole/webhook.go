package webconsole

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"

	admissionv1 "k8s.io/api/admission/v1"
	registrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// maxReview bounds what is read of an admission review.
const maxReview = 4 << 20

// request has the fields of both kinds.
type request struct {
	Spec map[string]any `json:"spec"`
}

// Review is the webhook that an API server asks about requests: their key must be one, and nothing of them changes.
func Review(w http.ResponseWriter, r *http.Request) {
	var review admissionv1.AdmissionReview
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxReview)).Decode(&review); err != nil || review.Request == nil {
		http.Error(w, "no AdmissionReview", http.StatusBadRequest)
		return
	}
	answer := &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true}
	if why := refusal(review.Request); why != "" {
		answer.Allowed, answer.Result = false, &metav1.Status{Status: metav1.StatusFailure, Message: why, Reason: metav1.StatusReasonInvalid, Code: http.StatusUnprocessableEntity}
	}
	review.Request, review.Response = nil, answer
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(review)
}

func refusal(r *admissionv1.AdmissionRequest) string {
	var now, before request
	if err := json.Unmarshal(r.Object.Raw, &now); err != nil {
		return err.Error()
	}
	if r.Operation == admissionv1.Update {
		if err := json.Unmarshal(r.OldObject.Raw, &before); err != nil {
			return err.Error()
		}
		if !reflect.DeepEqual(now.Spec, before.Spec) {
			return "spec: Forbidden: updates to immutable field are not allowed"
		}
		return ""
	}
	field := "name"
	if r.Resource.Resource == "webconsolerequests" {
		field = "virtualMachineName"
	}
	if name, _ := now.Spec[field].(string); name == "" {
		return fmt.Sprintf("spec.%s: Required value", field)
	}
	key, _ := now.Spec["publicKey"].(string)
	if _, err := parseKey(key); err != nil {
		return fmt.Sprintf("spec.publicKey: Invalid value: %q: %v", "", err)
	}
	return ""
}

// Hook is where Review answers.
type Hook struct {
	URL    string
	CA     []byte // of its certificate
	Except string // a namespace whose requests VM Operator checks
}

// Register makes an API server ask the webhook.
func (h Hook) Register(ctx context.Context, c kubernetes.Interface) error {
	fail, none := registrationv1.Fail, registrationv1.SideEffectClassNone
	_, err := c.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(ctx, &registrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "lab-webconsole"},
		Webhooks: []registrationv1.ValidatingWebhook{{
			Name:         "default.validating.webconsolerequest." + Group,
			ClientConfig: registrationv1.WebhookClientConfig{URL: &h.URL, CABundle: h.CA},
			NamespaceSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{
				Key: corev1.LabelMetadataName, Operator: metav1.LabelSelectorOpNotIn, Values: []string{h.Except},
			}}},
			Rules: []registrationv1.RuleWithOperations{{
				Operations: []registrationv1.OperationType{registrationv1.Create, registrationv1.Update},
				Rule: registrationv1.Rule{
					APIGroups: []string{Group}, APIVersions: []string{"*"}, Resources: []string{"virtualmachinewebconsolerequests", "webconsolerequests"},
				},
			}},
			FailurePolicy: &fail, SideEffects: &none, AdmissionReviewVersions: []string{"v1"},
		}},
	}, metav1.CreateOptions{})
	return err
}
