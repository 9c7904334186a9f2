package splice_test

import (
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/costtest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/kubeconfig/splice"
)

// kubectl replaces aliases, so a small file from somebody else could fill the memory. A shared CA is what people have aliases for.
func TestAliases(t *testing.T) {
	for _, name := range []string{"a YAML scalar aliased 900 times", "a small scalar aliased", "a billion laughs", "an anchor in itself"} {
		text := costtest.Documents()[name]
		costtest.Limit(t, name, func() {
			if _, err := splice.Read([]byte(text)); err == nil || !strings.Contains(err.Error(), "aliases") {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	shared := "apiVersion: v1\nkind: Config\nclusters:\n- name: a\n  cluster: {server: 'https://a', certificate-authority-data: &ca QUJD}\n" +
		"- name: b\n  cluster: {server: 'https://b', certificate-authority-data: *ca}\n"
	doc, err := splice.Read([]byte(shared))
	if err != nil || string(doc.Config().Clusters["b"].CertificateAuthorityData) != "ABC" {
		t.Errorf("%+v, %v", doc, err)
	}
}
