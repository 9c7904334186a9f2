package concierge

import (
	"errors"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/fault"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/federation"
)

// exchange gives a certificate for a token. Why it does not is never told: all failures look alike.
func (s *concierge) exchange(in spec, bad fault.Fault) status {
	user, err := s.authenticate(in, bad)
	if err != nil {
		return failed()
	}
	given, err := s.issue(user, bad)
	if err != nil {
		return failed()
	}
	return status{Credential: given}
}

func (s *concierge) authenticate(in spec, bad fault.Fault) (federation.User, error) {
	switch {
	case bad.Refuse:
		return federation.User{}, errors.New("refused on purpose")
	case in.Authenticator != tkgAuthenticator:
		return federation.User{}, errors.New("there is no such authenticator")
	}
	return s.Verify(in.Token)
}

// issue makes the certificate: the API server reads the user from its common name, and groups from its organizations.
func (s *concierge) issue(user federation.User, bad fault.Fault) (*credential, error) {
	lifetime := s.Lifetime()
	if bad.CertLifetime != 0 {
		lifetime = time.Duration(bad.CertLifetime)
	}
	now := s.Now()
	pair, err := s.CA.ClientFor(now.Add(-DefaultLifetime), now.Add(lifetime), user.Username, user.Groups...)
	if err != nil {
		return nil, err
	}
	return &credential{metav1.NewTime(now.Add(lifetime).UTC()), string(pair.CertPEM), string(pair.KeyPEM)}, nil
}

func failed() status {
	message := "authentication failed"
	return status{Message: &message}
}
