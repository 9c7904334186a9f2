package vapi

import (
	"crypto/rand"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/vcenter"
)

// sessionHeader carries the session's ID in every request after the login.
const sessionHeader = "vmware-api-session-id"

// A session ends after this time without a request, and a user has at most so many: a real vCenter has bounds of this kind too.
const (
	idle        = 5 * time.Minute
	maxSessions = 500
)

// session is a login. The zero value is none.
type session struct {
	user          string
	created, last time.Time
}

// sessions are the sessions of a vCenter by their ID.
type sessions struct {
	now func() time.Time

	mu  sync.Mutex
	all map[string]session
}

func newSessions(now func() time.Time) *sessions {
	return &sessions{now: now, all: map[string]session{}}
}

// open begins a session of a user, and returns its ID; false: the user has too many.
func (s *sessions) open(user string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, same := s.now(), 0
	for id, other := range s.all {
		switch {
		case now.Sub(other.last) >= idle:
			delete(s.all, id)
		case other.user == user:
			same++
		}
	}
	if same >= maxSessions {
		return "", false
	}
	var id [16]byte
	_, _ = rand.Read(id[:])
	name := hex.EncodeToString(id[:])
	s.all[name] = session{user, now, now}
	return name, true
}

// peek returns a session that has not ended.
func (s *sessions) peek(id string) session {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.all[id]
	if s.now().Sub(one.last) >= idle {
		return session{}
	}
	return one
}

// use returns a session and keeps it alive.
func (s *sessions) use(id string) (session, bool) {
	one := s.peek(id)
	if one.user == "" {
		return one, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, open := s.all[id]; !open {
		return session{}, false // It ended in between.
	}
	used := one
	used.last = s.now()
	s.all[id] = used
	return one, true
}

func (s *sessions) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, id)
}

// user is who has the session of a request.
func (a *API) user(r *http.Request) (vcenter.User, bool) {
	one, ok := a.sessions.use(r.Header.Get(sessionHeader))
	if !ok {
		return vcenter.User{}, false
	}
	return a.VCenter.Lookup(one.user)
}

// serveSessions serves the sessions below both paths. The older one wraps what it returns.
func (a *API) serveSessions() {
	for path, wrap := range map[string]func(any) any{
		sessionPath:    func(v any) any { return v },
		oldSessionPath: func(v any) any { return map[string]any{"value": v} },
	} {
		created, ended := http.StatusCreated, http.StatusNoContent
		if path == oldSessionPath {
			created, ended = http.StatusOK, http.StatusOK
		}
		a.mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.RawQuery == "~action=get" && path == oldSessionPath {
				a.showSession(w, r, wrap)
				return
			}
			a.login(w, r, created, wrap)
		})
		a.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) { a.showSession(w, r, wrap) })
		a.mux.HandleFunc("DELETE "+path, func(w http.ResponseWriter, r *http.Request) { a.logout(w, r, ended) })
	}
}

// login proves a password by Basic and begins a session.
func (a *API) login(w http.ResponseWriter, r *http.Request, status int, wrap func(any) any) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<10))
	if text := strings.TrimSpace(string(body)); err != nil || text != "" && text != "{}" {
		refuse(w, r, badRequest("a login has no body"))
		return
	}
	name, password, ok := r.BasicAuth()
	if !ok {
		refuse(w, r, unauthenticated)
		return
	}
	u, err := a.VCenter.Check(name, password)
	if err != nil {
		refuse(w, r, unauthenticated) // A locked account is not told from a wrong password.
		return
	}
	id, ok := a.sessions.open(u.Username)
	if !ok {
		refuse(w, r, tooMany)
		return
	}
	w.Header().Set(sessionHeader, id)
	writeJSON(w, status, wrap(id))
}

// sessionInfo is what a vCenter tells about a session.
type sessionInfo struct {
	Created time.Time `json:"created_time"`
	Last    time.Time `json:"last_accessed_time"`
	User    string    `json:"user"`
}

func (a *API) showSession(w http.ResponseWriter, r *http.Request, wrap func(any) any) {
	one, ok := a.sessions.use(r.Header.Get(sessionHeader))
	if !ok {
		refuse(w, r, unauthenticated)
		return
	}
	writeJSON(w, http.StatusOK, wrap(sessionInfo{one.created.UTC(), one.last.UTC(), one.user}))
}

func (a *API) logout(w http.ResponseWriter, r *http.Request, status int) {
	id := r.Header.Get(sessionHeader)
	if _, ok := a.sessions.use(id); !ok {
		refuse(w, r, unauthenticated)
		return
	}
	a.sessions.end(id)
	w.WriteHeader(status)
}
