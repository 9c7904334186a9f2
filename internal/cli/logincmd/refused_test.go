package logincmd_test

import (
	"net/http"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
)

// A password that is refused after it was accepted was changed, or the account is locked: it is not sent again.
func TestRefusedAfterwards(t *testing.T) {
	w, s := site(t)
	given(w)
	s.Replies[intoTKC1] = consoletest.Status(http.StatusUnauthorized, "")
	w.Run(signIn(w)...).Exits(5)
	s.Forget()
	w.Run(signIn(w)...).Exits(3).Says("is not sent again")
	if n := s.Count(proof); n > 0 {
		t.Errorf("%d requests with a refused password", n)
	}
}
