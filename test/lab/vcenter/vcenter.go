// Package vcenter is the lab's identity service: the accounts of vCenter Single Sign-On with their lockout, and the
// tokens that the Token Exchange Service makes of them. The claims are those of real tokens.
package vcenter

import (
	"errors"
	"slices"
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

// AdministratorsGroup has the administrators of the SSO domain.
const AdministratorsGroup = "Administrators@" + Domain

// Administrator reports whether the user may see the whole vCenter.
func (u User) Administrator() bool {
	return u.Role == "admin" || slices.Contains(u.Groups, AdministratorsGroup)
}

// The reasons why a login is refused.
var (
	ErrBadPassword = errors.New("invalid or missing credentials")
	ErrLocked      = errors.New("account is locked")
)

// ErrNoUser is the error of a name that nobody has.
var ErrNoUser = errors.New("no such user")

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

	passwords int         // that were checked
	refused   []time.Time // those within the window that were not right; unlike failures, a right one leaves them
	most      int         // of them
	locks     int
}

// Service holds the accounts and the signing key.
type Service struct {
	issuer   string
	lifetime time.Duration
	now      func() time.Time

	// Roots are the CAs (PEM) that the vCenter offers for download. They are set before it is served.
	Roots [][]byte

	mu       sync.Mutex
	accounts map[string]*account
	keys     []*signingKey // the newest last
	ahead    map[signedKey]signed
}

// New makes a service whose tokens name issuer. lifetime 0 is Lifetime.
func New(issuer string, lifetime time.Duration) (*Service, error) {
	if lifetime == 0 {
		lifetime = Lifetime
	}
	s := &Service{issuer: issuer, lifetime: lifetime, now: time.Now, accounts: map[string]*account{}, ahead: map[signedKey]signed{}}
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
	s.accounts[Person(u.Username)] = &account{User: u}
	s.forget(Person(u.Username))
	return nil
}

// SetPassword changes a password and forgets the failures.
func (s *Service) SetPassword(username, password string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.accounts[Person(username)]
	if !ok {
		return ErrNoUser
	}
	a.Password, a.failures, a.lockedUntil = password, nil, time.Time{}
	return nil
}

// Lookup finds a user by a spelling of the name.
func (s *Service) Lookup(username string) (User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.accounts[Person(username)]
	if !ok {
		return User{}, false
	}
	return a.User, true
}

// Status is what an account has been through since it was made.
type Status struct {
	Failures  int  `json:"failures"` // wrong passwords that count now
	Locked    bool `json:"locked"`
	Passwords int  `json:"passwords"` // that were sent, by all spellings of the name and to all servers
	Most      int  `json:"most"`      // the most that were refused within the window, also with a right one between them
	Locks     int  `json:"locks"`     // how often it was locked
}

// Status tells about an account; of a name that nobody has it is empty.
func (s *Service) Status(username string) Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.accounts[Person(username)]
	if !ok {
		return Status{}
	}
	a.failures = s.counting(a.failures)
	return Status{len(a.failures), s.now().Before(a.lockedUntil), a.passwords, a.most, a.locks}
}

// Check proves a password. Five wrong ones within 180 s lock the account for 300 s.
func (s *Service) Check(username, password string) (User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.accounts[Person(username)]
	if !ok {
		return User{}, ErrBadPassword
	}
	a.passwords++
	a.failures, a.refused = s.counting(a.failures), s.counting(a.refused)
	now := s.now()
	locked := now.Before(a.lockedUntil)
	if !locked && password == a.Password {
		a.failures = nil
		return a.User, nil
	}
	a.refused = append(a.refused, now)
	a.most = max(a.most, len(a.refused))
	if locked {
		return User{}, ErrLocked
	}
	a.failures = append(a.failures, now)
	if len(a.failures) >= maxFailures {
		a.lockedUntil = now.Add(lockedFor)
		a.locks++
	}
	return User{}, ErrBadPassword
}

// counting are the times that still count.
func (s *Service) counting(all []time.Time) []time.Time {
	since := s.now().Add(-failureWindow)
	for len(all) > 0 && all[0].Before(since) {
		all = all[1:]
	}
	return all
}

// Person is the account that a name means, however it is spelled: user@domain, DOMAIN\user or, in the default domain, user, in any case.
func Person(name string) string {
	if domain, user, ok := strings.Cut(name, `\`); ok {
		name = user + "@" + domain
	}
	if name != "" && !strings.Contains(name, "@") {
		name += "@" + Domain
	}
	return strings.ToLower(name)
}
