package kube

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/pki"
)

// kubeconfigSecret is the name that Cluster API gives a cluster's kubeconfig.
func kubeconfigSecret(cluster string) string { return cluster + "-kubeconfig" }

// AddKubeconfig creates the Secret with a cluster's kubeconfig as Cluster API does.
func (c *Client) AddKubeconfig(ctx context.Context, namespace, cluster, server string, ca []byte, admin pki.Pair) error {
	user := cluster + "-admin"
	cfg := api.NewConfig()
	cfg.Clusters[cluster] = &api.Cluster{Server: server, CertificateAuthorityData: ca}
	cfg.AuthInfos[user] = &api.AuthInfo{ClientCertificateData: admin.CertPEM, ClientKeyData: admin.KeyPEM}
	cfg.CurrentContext = user + "@" + cluster
	cfg.Contexts[cfg.CurrentContext] = &api.Context{Cluster: cluster, AuthInfo: user}
	text, err := clientcmd.Write(*cfg)
	if err != nil {
		return err
	}
	_, err = c.Typed.CoreV1().Secrets(namespace).Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: kubeconfigSecret(cluster), Labels: map[string]string{"cluster.x-k8s.io/cluster-name": cluster}},
		Type:       "cluster.x-k8s.io/secret",
		Data:       map[string][]byte{"value": text},
	}, metav1.CreateOptions{})
	return err
}

// ClusterCA reads the CA that Cluster API made for a cluster, in PEM. It is nil as long as there is none.
func (c *Client) ClusterCA(ctx context.Context, namespace, cluster string) ([]byte, error) {
	secret, err := c.Typed.CoreV1().Secrets(namespace).Get(ctx, cluster+"-ca", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return secret.Data[corev1.TLSCertKey], nil
}

// deleteKubeconfig removes it, if it is there.
func (c *Client) deleteKubeconfig(ctx context.Context, namespace, cluster string) error {
	err := c.Typed.CoreV1().Secrets(namespace).Delete(ctx, kubeconfigSecret(cluster), metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
