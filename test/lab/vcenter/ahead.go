package vcenter

import "time"

// signedKey names a token that was signed before somebody asked for it.
type signedKey struct{ person, audience string }

// signed is such a token. Whoever asks gets the same one, so that a site with many clusters shows what its clients cost: an RSA
// signature takes longer than all else that a login asks of the lab.
type signed struct {
	token  string
	issued time.Time
}

// SignAhead signs tokens of a user for audiences that are about to be asked for. A token serves for a tenth of its lifetime. It is
// dropped when the account or the signing key changes.
func (s *Service) SignAhead(username string, audiences []string) error {
	u, ok := s.Lookup(username)
	if !ok {
		return ErrNoUser
	}
	for _, audience := range audiences {
		issued := s.now()
		token, err := s.Mint(u, audience, 0, 0)
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.ahead[signedKey{Person(username), audience}] = signed{token, issued}
		s.mu.Unlock()
	}
	return nil
}

// signedAhead is a token that was signed before, or "".
func (s *Service) signedAhead(username, audience string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.ahead[signedKey{Person(username), audience}]
	if !ok || s.now().Sub(one.issued) > s.lifetime/10 {
		return ""
	}
	return one.token
}

// forget drops what was signed for a person. The caller holds the lock.
func (s *Service) forget(person string) {
	for key := range s.ahead {
		if key.person == person {
			delete(s.ahead, key)
		}
	}
}
