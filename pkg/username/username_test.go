package username_test

import (
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/username"
)

func TestSpellings(t *testing.T) {
	for _, c := range []struct {
		a, b      string
		same, may bool
	}{
		{"dev@vsphere.local", "dev@vsphere.local", true, true},
		{"dev@vsphere.local", "DEV@Vsphere.LOCAL", true, true},
		{"dev@vsphere.local", `VSPHERE.LOCAL\dev`, true, true},
		{"dev@vsphere.local", `vsphere.local\Dev`, true, true},
		{"dev@vsphere.local", "dev", false, true},
		{"dev@vsphere.local", `VSPHERE\dev`, false, true},
		{"dev", "DEV", true, true},
		{"dev@corp", `CORP\dev`, true, true},
		{"dev@vsphere.local", "dev@corp.example", false, false},
		{"dev@vsphere.local", "dev@sub.vsphere.local", false, false},
		{"dev@vsphere.local", "dev2@vsphere.local", false, false},
		{"dev@vsphere.local", "admin", false, false},
		{"a@b@corp.example", `CORP.example\a@b`, true, true},
		{"dev@", "dev", true, true},
		{`\dev`, "dev", true, true},
		{"", "dev", false, false},
	} {
		a, b := username.Parse(c.a), username.Parse(c.b)
		if username.Same(c.a, c.b) != c.same || username.Same(c.b, c.a) != c.same {
			t.Errorf("%q and %q: same is %v", c.a, c.b, !c.same)
		}
		if a.May(b) != c.may || b.May(a) != c.may {
			t.Errorf("%q and %q: may be one person is %v", c.a, c.b, !c.may)
		}
	}
}
