package webconsole

import (
	"context"
	"io"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// ServeHTTP is the validator before the proxy, at /vm/web-console/proxy of a front, with a page of a few words behind it: 400 without uuid or namespace, 403 for a request that
// was not answered or has ended.
func (c *Consoles) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	uuid, namespace := query.Get("uuid"), query.Get("namespace")
	if uuid == "" || namespace == "" {
		http.Error(w, "uuid and namespace are needed", http.StatusBadRequest)
		return
	}
	if c.known(r.Context(), namespace, uuid) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!DOCTYPE html>\n<html><head><title>Web console</title></head><body></body></html>\n")
		return
	}
	http.Error(w, "no such request", http.StatusForbidden)
}

// known reports whether a namespace has the request. No request has a UID that is no value of a label.
func (c *Consoles) known(ctx context.Context, namespace, uuid string) bool {
	selector, err := labels.ValidatedSelectorFromSet(labels.Set{Label: uuid})
	if err != nil {
		return false
	}
	for _, k := range c.Kinds.requests() {
		api := c.Client.Resource(k.GroupVersionResource).Namespace(namespace)
		if list, err := api.List(ctx, metav1.ListOptions{LabelSelector: selector.String()}); err == nil && len(list.Items) > 0 {
			return true
		}
	}
	return false
}
