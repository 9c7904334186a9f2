package vapi

import (
	"testing"
	"time"
)

func TestSessionsEnd(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := newSessions(func() time.Time { return now })
	id, ok := s.open("dev@vsphere.local")
	if !ok {
		t.Fatal("no session")
	}
	for range 3 { // Each use begins the time anew.
		now = now.Add(idle - time.Second)
		if _, ok := s.use(id); !ok {
			t.Fatal("a session that is used has ended")
		}
	}
	now = now.Add(idle - time.Second)
	if s.peek(id).user == "" {
		t.Fatal("ended too early")
	}
	now = now.Add(time.Second)
	if one, ok := s.use(id); ok || s.peek(id).user != "" {
		t.Errorf("an idle session goes on: %+v", one)
	}
}

func TestTooManySessions(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := newSessions(func() time.Time { return now })
	var last string
	for range maxSessions {
		id, ok := s.open("dev@vsphere.local")
		if !ok {
			t.Fatal("too few sessions")
		}
		last = id
	}
	if _, ok := s.open("dev@vsphere.local"); ok {
		t.Error("one more session than allowed")
	}
	if _, ok := s.open("ops@vsphere.local"); !ok {
		t.Error("another user pays for it")
	}
	s.end(last)
	if _, ok := s.open("dev@vsphere.local"); !ok {
		t.Error("an ended session counts")
	}
	now = now.Add(idle)
	if _, ok := s.open("dev@vsphere.local"); !ok || len(s.all) != 1 {
		t.Errorf("%d sessions are kept that have ended", len(s.all))
	}
}
