package kube

import (
	"context"
	"encoding/base64"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// MakePublic lets everybody read config maps of kube-public, also without credentials, whether they exist or not: a missing
// one is 404 and not 403.
func (c *Client) MakePublic(ctx context.Context, names ...string) error {
	const role = "lab:public-info"
	rule := rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"configmaps"}, ResourceNames: names, Verbs: []string{"get"}}
	if err := c.AddRole(ctx, role, rule); err != nil {
		return err
	}
	return c.Bind(ctx, metav1.NamespacePublic, role, Group("system:unauthenticated"))
}

// PublishInfo puts a config map into kube-public, which a fresh API server makes in a moment.
func (c *Client) PublishInfo(ctx context.Context, name string, data map[string]string) error {
	return Eventually(ctx, func() error {
		m := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: data}
		_, err := c.Typed.CoreV1().ConfigMaps(metav1.NamespacePublic).Create(ctx, m, metav1.CreateOptions{})
		return err
	})
}

// ClusterInfo is the data of cluster-info: a kubeconfig without users, as kubeadm writes it.
func ClusterInfo(server string, ca []byte) map[string]string {
	return map[string]string{"kubeconfig": fmt.Sprintf("apiVersion: v1\nkind: Config\nclusters:\n- name: \"\"\n  cluster:\n    certificate-authority-data: %s\n    server: %s\ncontexts: []\nusers: []\ncurrent-context: \"\"\npreferences: {}\n",
		base64.StdEncoding.EncodeToString(ca), server)}
}
