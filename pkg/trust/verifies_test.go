package trust_test

import (
	"crypto/tls"
	"net/http"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// wrapper is a transport around another one; opaque is one that does not show it.
type (
	wrapper struct{ http.RoundTripper }
	opaque  struct{ http.RoundTripper }
)

func (w wrapper) Unwrap() http.RoundTripper { return w.RoundTripper }

func TestVerifies(t *testing.T) {
	of := func(by trust.Trust) http.RoundTripper {
		made, err := trust.NewTransport(by, trust.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	insecure := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	for name, tc := range map[string]struct {
		transport http.RoundTripper
		want      bool
	}{
		"the system's roots":       {of(trust.Trust{}), true},
		"a pin":                    {of(trust.Trust{Mode: trust.Pinned}), true}, // Before there is a CA, it verifies nobody.
		"not at all":               {of(trust.Trust{Mode: trust.Insecure}), false},
		"not at all, with a pin":   {of(trust.Trust{Mode: trust.Insecure}.WithPin("a:443", "x")), false},
		"of the standard library":  {&http.Transport{}, true},
		"the same, with TLS":       {&http.Transport{TLSClientConfig: &tls.Config{}}, true},
		"the same, without checks": {insecure, false},
		"wrapped":                  {wrapper{wrapper{&http.Transport{}}}, true},
		"wrapped, without checks":  {wrapper{insecure}, false},
		"wrapped, and not shown":   {opaque{&http.Transport{}}, false},
		"none":                     {nil, false},
	} {
		if got := trust.Verifies(tc.transport); got != tc.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
