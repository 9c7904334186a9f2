package dex

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"

	"github.com/dexidp/dex/storage"
	"golang.org/x/crypto/bcrypt"
)

// accounts is Dex's storage with the users beside it. The memory storage holds its lock while a refresh looks the user up, and
// would wait for itself for ever.
type accounts struct {
	storage.Storage

	mu  sync.Mutex
	all map[string]account
}

type account struct {
	storage.Password
	hash func() ([]byte, error)
}

func newAccounts(s storage.Storage) *accounts {
	return &accounts{Storage: s, all: map[string]account{}}
}

// GetPassword implements storage.Storage.
func (a *accounts) GetPassword(_ context.Context, email string) (storage.Password, error) {
	a.mu.Lock()
	one, ok := a.all[strings.ToLower(email)]
	a.mu.Unlock()
	if !ok {
		return storage.Password{}, storage.ErrNotFound
	}
	var err error
	one.Hash, err = one.hash()
	return one.Password, err
}

// hashOf is computed when it is first asked for: it costs 50 ms, and most users of a lab never come here. The cost is the
// least that Dex takes.
func hashOf(password string) func() ([]byte, error) {
	return sync.OnceValues(func() ([]byte, error) { return bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost) })
}

// AddUser creates or replaces a user. The subject is a new one each time, so that replacing a user ends the sessions of the old
// one at the next refresh.
func (s *Server) AddUser(email, password string, groups []string) {
	s.accounts.mu.Lock()
	defer s.accounts.mu.Unlock()
	s.accounts.all[strings.ToLower(email)] = account{
		Password: storage.Password{Email: email, Username: email, UserID: rand.Text(), Groups: groups}, hash: hashOf(password),
	}
}

// SetPassword changes a password; sessions go on.
func (s *Server) SetPassword(email, password string) error {
	s.accounts.mu.Lock()
	defer s.accounts.mu.Unlock()
	one, ok := s.accounts.all[strings.ToLower(email)]
	if !ok {
		return errors.New("no such user")
	}
	one.hash = hashOf(password)
	s.accounts.all[strings.ToLower(email)] = one
	return nil
}
