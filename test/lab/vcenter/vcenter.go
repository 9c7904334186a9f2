// Package vcenter is the lab's identity service: the accounts of vCenter Single Sign-On with their lockout, and the
// tokens that the Token Exchange Service makes of them. The claims are those of real tokens.
package vcenter

import (
	"errors"
	"strings"
	"sync"
	"time"
)

// Domain is the SSO domain of every lab.
const Domain = "vsphere.local"

// Audience is what a Supervisor's API server accepts; a TKG cluster's is this, a colon and the Cluster's UID.
const Audience = "vmware-tes:vc:vns:k8s"

// Lifetime is how long a token is good unless told otherwise.
const Lifetime = 10 * time.Hour

// User is an account.
type User struct {
	Username   string   `json:"username"` // user@domain
	Password   string   `json:"password"`
	Namespaces []string `json:"namespaces"`
	Groups     []string `json:"groups,omitempty"`
	Role       string   `json:"role,omitempty"` // edit (default), view, noclusters, lister
}

// The reasons why a login is refused.
var (
	ErrBadPassword = errors.New("invalid or missing credentials")
	ErrLocked      = errors.New("account is locked")
)

// The default lockout policy of vCenter Single Sign-On.
const (
	maxFailures   = 5
	failureWindow = 180 * time.Second
	lockedFor     = 300 * time.Second
)

// account is a user with what went wrong lately.
type account struct {
	User
	failures    []time.Time
	lockedUntil time.Time
}

// Service holds the accounts and the signing key.
type Service struct {
	issuer   string
	lifetime time.Duration
	now      func() time.Time

	mu       sync.Mutex
	accounts map[string]*account
	keys     []*signingKey // the newest last
}

// New makes a service whose tokens name issuer. lifetime 0 is Lifetime.
func New(issuer string, lifetime time.Duration) (*Service, error) {
	if lifetime == 0 {
		lifetime = Lifetime
	}
	s := &Service{issuer: issuer, lifetime: lifetime, now: time.Now, accounts: map[string]*account{}}
	return s, s.Rotate()
}

// Issuer is the URL that discovery hangs under.
func (s *Service) Issuer() string { return s.issuer }

// AddUser creates or replaces an account.
func (s *Service) AddUser(u User) error {
	if name, domain, ok := strings.Cut(u.Username, "@"); !ok || name == "" || domain == "" || u.Password == "" {
		return errors.New("a user needs a name of the form user@domain and a password")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts[fold(u.Username)] = &account{User: u}
	return nil
}

// SetPassword changes a password and forgets the failures.
func (s *Service) SetPassword(username, password string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.accounts[fold(username)]
	if !ok {
		return errors.New("no such user")
	}
	a.Password, a.failures, a.lockedUntil = password, nil, time.Time{}
	return nil
}

// Lookup finds a user by name, without case.
func (s *Service) Lookup(username string) (User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.accounts[fold(username)]
	if !ok {
		return User{}, false
	}
	return a.User, true
}

// Status tells how many wrong passwords count at the moment and whether the account is locked.
func (s *Service) Status(username string) (failures int, locked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.accounts[fold(username)]
	if !ok {
		return 0, false
	}
	s.expire(a)
	return len(a.failures), s.now().Before(a.lockedUntil)
}

// Check proves a password. Five wrong ones within 180 s lock the account for 300 s.
func (s *Service) Check(username, password string) (User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.accounts[fold(username)]
	if !ok {
		return User{}, ErrBadPassword
	}
	s.expire(a)
	now := s.now()
	switch {
	case now.Before(a.lockedUntil):
		return User{}, ErrLocked
	case password == a.Password:
		a.failures = nil
		return a.User, nil
	}
	a.failures = append(a.failures, now)
	if len(a.failures) >= maxFailures {
		a.lockedUntil = now.Add(lockedFor)
	}
	return User{}, ErrBadPassword
}

// expire forgets the failures that no longer count.
func (s *Service) expire(a *account) {
	since := s.now().Add(-failureWindow)
	for len(a.failures) > 0 && a.failures[0].Before(since) {
		a.failures = a.failures[1:]
	}
}

// fold is how SSO compares names.
func fold(username string) string { return strings.ToLower(username) }
