package site

import (
	"errors"
	"sync"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/federation"
)

// issuers are the FederationDomains of one Supervisor, which come with its fronts.
type issuers struct {
	mu  sync.Mutex
	all []*federation.Service
}

func (i *issuers) add(s *federation.Service) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.all = append(i.all, s)
}

// verify says whom a token names that one of the issuers signed for the audience, which may depend on the issuer.
func (i *issuers) verify(token string, audience func(issuer string) string) (federation.User, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, s := range i.all {
		if u, err := s.Verify(token, audience(s.Issuer)); err == nil {
			return u, nil
		}
	}
	return federation.User{}, errors.New("no issuer of this Supervisor made it for this audience")
}
