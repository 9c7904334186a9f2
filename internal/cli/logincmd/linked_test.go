package logincmd_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
)

// A hostile Supervisor takes every password, and names hosts that do not: all of them may be one good vCenter under many names. However
// often a script logs in, they count at most four.
func TestLinkedHostsDoNotLockTheAccount(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusGatewayTimeout} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			w, s := site(t)
			given(w)
			var linked []*consoletest.Supervisor
			for i := range 12 {
				far := w.Supervisor(fmt.Sprintf("10.0.1.%d", i+1))
				far.Replies["POST /wcp/login"] = consoletest.Status(status, "")
				linked = append(linked, far)
				s.Namespaces = append(s.Namespaces, &consoletest.Namespace{Name: fmt.Sprintf("far-%d", i), Host: far.Host})
			}
			for range 4 {
				w.Run(signIn(w)...)
			}
			n := 0
			for _, far := range linked {
				n += far.Count("POST /wcp/login")
			}
			if n == 0 || n > 4 {
				t.Errorf("%d requests at the linked hosts", n)
			}
		})
	}
}

// A host that is down has counted nothing: the others are tried, and the next login too.
func TestLinkedHostsThatAreDown(t *testing.T) {
	w, s := site(t)
	given(w)
	for i := range 6 {
		s.Namespaces = append(s.Namespaces, &consoletest.Namespace{Name: fmt.Sprintf("down-%d", i), Host: fmt.Sprintf("10.0.1.%d", i+1)})
	}
	far := w.Supervisor("10.0.2.1")
	s.Namespaces = append(s.Namespaces, &consoletest.Namespace{Name: "far", Host: far.Host})
	for i := range 5 {
		w.Run(signIn(w)...).Exits(5).Says("   10.0.1.1: ", "   far\n")
		if n := far.Count("POST /wcp/login"); n != i+1 {
			t.Errorf("%d logins at the other host", n)
		}
	}
}
