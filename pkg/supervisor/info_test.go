package supervisor

import (
	"encoding/pem"
	"testing"
)

// What a Supervisor tells as its CA is certificates in PEM, or nothing.
func FuzzInfo(f *testing.F) {
	f.Add("clusters:\n- cluster:\n    certificate-authority-data: LS0tLS1CRUdJTg==\n")
	f.Add("{}")
	f.Add("clusters: [{cluster: {certificate-authority-data: 7}}]")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, config string) {
		ca, err := parseInfo(config)
		if block, _ := pem.Decode(ca); (err == nil) != (block != nil && block.Type == "CERTIFICATE") {
			t.Errorf("%q, %v", ca, err)
		}
	})
}
