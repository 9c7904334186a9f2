package vcenter

import (
	"errors"
	"testing"
	"time"
)

// A token that was signed before is the one that a login gets, until something changes.
func TestSignedAhead(t *testing.T) {
	const audience = Audience + ":guest"
	for name, tc := range map[string]struct {
		change func(*Service, *clock)
		same   bool
	}{
		"nothing":             {func(*Service, *clock) {}, true},
		"a tenth":             {func(_ *Service, c *clock) { c.move(Lifetime / 10) }, true},
		"more than a tenth":   {func(_ *Service, c *clock) { c.move(Lifetime/10 + time.Second) }, false},
		"another signing key": {func(s *Service, _ *clock) { _ = s.Rotate() }, false},
		"other groups":        {func(s *Service, _ *clock) { _ = s.AddUser(User{Username: dev, Password: right, Groups: []string{"x"}}) }, false},
		"somebody else":       {func(s *Service, _ *clock) { _ = s.AddUser(User{Username: "ops@vsphere.local", Password: right}) }, true},
	} {
		s, c := newService(t)
		if err := s.SignAhead(dev, []string{audience}); err != nil {
			t.Fatal(err)
		}
		before := s.signedAhead(dev, audience)
		tc.change(s, c)
		u, _ := s.Lookup(dev)
		token, err := s.Mint(u, audience, 0, 0)
		if err != nil || (token == before) != tc.same {
			t.Errorf("%s: the same token: %t %v", name, token == before, err)
		}
		if _, err := s.Verify(token, audience); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if other, _ := s.Mint(u, audience, time.Minute, 0); other == before {
			t.Errorf("%s: a token of another lifetime is the same", name)
		}
		if other, _ := s.Mint(u, audience, 0, time.Minute); other == before {
			t.Errorf("%s: a token of another clock is the same", name)
		}
	}
	s, _ := newService(t)
	if err := s.SignAhead("nobody@vsphere.local", nil); !errors.Is(err, ErrNoUser) {
		t.Errorf("%v", err)
	}
}
