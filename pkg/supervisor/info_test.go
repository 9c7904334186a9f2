package supervisor

import (
	"encoding/pem"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/costtest"
)

// What a Supervisor tells as its CA is certificates in PEM, or nothing.
func FuzzInfo(f *testing.F) {
	costtest.Seed(f)
	f.Add([]byte("clusters:\n- cluster:\n    certificate-authority-data: LS0tLS1CRUdJTg==\n"))
	f.Add([]byte("{}"))
	f.Add([]byte("clusters: [{cluster: {certificate-authority-data: 7}}]"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var ca []byte
		var err error
		config := string(text)
		costtest.Limit(t, "cluster-info", func() { ca, err = parseInfo(config) })
		if block, _ := pem.Decode(ca); (err == nil) != (block != nil && block.Type == "CERTIFICATE") {
			t.Errorf("%q, %v", ca, err)
		}
	})
}
