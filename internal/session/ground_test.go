package session_test

import (
	"errors"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/session"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
)

// The password of a session goes to the servers that its login reached. If nobody verified them, no transport makes up for that.
func TestGroundOfASession(t *testing.T) {
	s := tokens.Session{Server: "10.0.0.1", Hosts: []string{"10.0.0.1", "10.0.0.2", "fd00::1"}}
	over := disclose.Over{Verified: true}
	for address, want := range map[string]error{
		"https://10.0.0.1/wcp": nil, "https://10.0.0.2:443/wcp": nil, "https://[fd00::1]/wcp": nil,
		"https://10.0.0.3/wcp": disclose.ErrNoGround, "https://10.0.0.1:6443/wcp": disclose.ErrNoGround, "http://10.0.0.1/wcp": disclose.ErrNoServer,
	} {
		if _, err := session.GroundOf(s).Hold(disclose.Password, "p").Permit(address, over); !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%s: %v", address, err)
		}
	}
	s.Trust.Mode = trust.Insecure
	held := session.GroundOf(s).Hold(disclose.Password, "p")
	if _, err := held.Permit("https://10.0.0.1", over); !errors.Is(err, disclose.ErrUnverified) {
		t.Error(err)
	}
	if _, err := held.Permit("https://10.0.0.1", disclose.Over{Attended: true}); err != nil {
		t.Error(err)
	}
}
