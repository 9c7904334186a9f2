package doctor

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/console"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// The table is whole, and its page in docs is the present one.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Checks() {
		if c.Name == "" || c.What == "" || c.Why == "" || c.Remedy == "" || c.run == nil || seen[c.Name] || strings.Contains(c.Name, " ") {
			t.Errorf("%+v", c)
		}
		seen[c.Name] = true
	}
	page, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil || !strings.HasPrefix(string(page), Page()+"\n## Messages\n") { // gendocs has the rest.
		t.Errorf("type: make generate (%v)", err)
	}
}

// Problems come first, and thousands of findings are cut off.
func TestResult(t *testing.T) {
	all := []Finding{ok("z", "fine"), note("y", "hm"), problem("x", "bad"), problem("a", "bad")}
	if r := resultOf("c", all); r.State != Problem || r.Findings[0].About != "a" || r.Findings[3].State != OK {
		t.Errorf("%+v", r)
	}
	if r := resultOf("c", nil); r.State != Skipped {
		t.Errorf("%+v", r)
	}
	for i := range 3000 {
		all = append(all, ok(fmt.Sprint(i), "fine"))
	}
	if r := resultOf("c", all); len(r.Findings) != maxFindings+1 || r.Findings[0].State != Problem || r.Findings[maxFindings].Says != "2804 more findings are left out" {
		t.Errorf("%d %+v", len(r.Findings), r.Findings[len(r.Findings)-1])
	}
}

// A certificate that is not valid now is a matter of the clock, not of the CA.
func TestExpiredCertificate(t *testing.T) {
	p := &patient{env: &console.Env{}}
	f := distrusted(p, &server{name: "10.0.0.1"}, &trust.UntrustedError{Host: "10.0.0.1", Reason: "it is valid from a to b", Issuer: "CN=x"})
	if f.State != Problem || !strings.Contains(f.Says, "it is valid from a to b") || !strings.Contains(f.Remedy, "clock") {
		t.Errorf("%+v", f)
	}
}
