package webconsole

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	registrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/client-go/kubernetes"
)

// maxReview bounds what is read of an admission review.
const maxReview = 4 << 20

// request has the fields of both kinds.
type request struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct{ Name, VirtualMachineName, PublicKey string }
}

// vm is the name of the virtual machine, and the path of its field as VM Operator writes that.
func (r request) vm(resource string) (string, *field.Path) {
	spec := field.NewPath("spec")
	if resource == "webconsolerequests" {
		return r.Spec.VirtualMachineName, spec.Child("virtualMachineName")
	}
	return r.Spec.Name, spec.Child("Name")
}

// Review is the webhook that an API server asks about requests: their key must be one, and nothing of them changes. It says what VM
// Operator's own says.
func Review(w http.ResponseWriter, r *http.Request) {
	var review admissionv1.AdmissionReview
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxReview)).Decode(&review); err != nil || review.Request == nil {
		http.Error(w, "no AdmissionReview", http.StatusBadRequest)
		return
	}
	answer := &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true}
	if why := refusal(review.Request); why != "" {
		answer.Allowed, answer.Result = false, &metav1.Status{Reason: metav1.StatusReason(why), Code: http.StatusUnprocessableEntity}
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
	var errs field.ErrorList
	if r.Operation == admissionv1.Update {
		if err := json.Unmarshal(r.OldObject.Raw, &before); err != nil {
			return err.Error()
		}
		errs = changed(now, before, r.Resource.Resource)
	} else {
		vm, path := now.vm(r.Resource.Resource)
		if vm == "" {
			errs = append(errs, field.Required(path, ""))
		}
		errs = append(errs, checkKey(now.Spec.PublicKey)...)
	}
	var texts []string
	for _, err := range errs {
		texts = append(texts, err.Error())
	}
	return strings.Join(texts, ", ")
}

var keyPath = field.NewPath("spec", "publicKey")

func checkKey(key string) field.ErrorList {
	if key == "" {
		return field.ErrorList{field.Required(keyPath, "")}
	}
	if _, err := parseKey(key); err != nil {
		return field.ErrorList{field.Invalid(keyPath, "", err.Error())}
	}
	return nil
}

// changed finds what must not change: the spec, and the label once it is there.
func changed(now, before request, resource string) field.ErrorList {
	vm, path := now.vm(resource)
	old, _ := before.vm(resource)
	errs := append(validation.ValidateImmutableField(vm, old, path), validation.ValidateImmutableField(now.Spec.PublicKey, before.Spec.PublicKey, keyPath)...)
	if label := before.Labels[Label]; label != "" {
		errs = append(errs, validation.ValidateImmutableField(now.Labels[Label], label, field.NewPath("metadata", "labels").Key(Label))...)
	}
	return errs
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
