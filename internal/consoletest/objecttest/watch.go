package objecttest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// event is a change of an object that is held. Its version is its place in the list of events, counted from 1.
type event struct {
	plural, kind string // kind is that of the event: ADDED, MODIFIED, DELETED
	namespace    string
	object       map[string]any
	cells        []any
}

// version is that of all lists. The lock is not held.
func (s *Server) version() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strconv.Itoa(len(s.events))
}

// changed adds the events that make what is held of a kind into h. The lock is held.
func (s *Server) changed(h Holding) {
	text := func(o map[string]any, cells []any) string {
		all, _ := json.Marshal([]any{o, cells})
		return string(all)
	}
	name := func(o map[string]any) string {
		m := o["metadata"].(map[string]any)
		ns, _ := m["namespace"].(string)
		return ns + "/" + m["name"].(string)
	}
	before := map[string]string{}
	gone := map[string]event{}
	of := func(kind string, o map[string]any, cells []any) event {
		ns, _, _ := strings.Cut(name(o), "/")
		return event{h.Plural, kind, ns, o, cells}
	}
	for _, was := range s.holdings {
		if was.Group != h.Group || was.Plural != h.Plural {
			continue
		}
		objects, cells := was.objects("")
		for i, o := range objects {
			before[name(o)], gone[name(o)] = text(o, cells[i]), of("DELETED", o, cells[i])
		}
	}
	objects, cells := h.objects("")
	for i, o := range objects {
		was, there := before[name(o)]
		delete(gone, name(o))
		switch {
		case !there:
			s.events = append(s.events, of("ADDED", o, cells[i]))
		case was != text(o, cells[i]):
			s.events = append(s.events, of("MODIFIED", o, cells[i]))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(gone)) {
		s.events = append(s.events, gone[key])
	}
	s.turn()
}

// turn wakes who waits for a change. The lock is held.
func (s *Server) turn() {
	close(s.turned)
	s.turned = make(chan struct{})
}

// EndWatches ends all watches, as a server does from time to time. With expired, it has forgotten what was before.
func (s *Server) EndWatches(expired bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if expired {
		s.oldest = len(s.events) + 1
		s.events = append(s.events, event{})
	}
	close(s.ended)
	s.ended = make(chan struct{})
	s.turn()
}

// maxWait bounds AwaitWatches. It is less than a run of a command may take.
const maxWait = 10 * time.Second

// AwaitWatches waits until so many watches of a kind are under way.
func (s *Server) AwaitWatches(plural string, n int) {
	s.t.Helper()
	for late := time.After(maxWait); ; {
		s.mu.Lock()
		now, turned := s.watching[plural], s.turned
		s.mu.Unlock()
		if now == n {
			return
		}
		select {
		case <-turned:
		case <-late:
			s.t.Errorf("there are %d watches of %s, not %d", now, plural, n)
			return
		}
	}
}

// watch sends the events of a kind since a version. Only the first table has columns.
func (s *Server) watch(w http.ResponseWriter, r *http.Request, h Holding, namespace string) {
	query := r.URL.Query()
	if query.Get("allowWatchBookmarks") != "true" || query.Get("timeoutSeconds") == "" || !s.asksWell(r) {
		s.t.Errorf("a watch without bookmarks or an end, or with half of what makes a table: %s", r.URL)
	}
	if h.Unwatched {
		Forbid(w, "you may not watch")
		return
	}
	from, err := strconv.Atoi(query.Get("resourceVersion"))
	if err != nil {
		s.t.Errorf("a watch from the version %q", query.Get("resourceVersion"))
	}
	s.mu.Lock()
	s.watching[h.Plural]++
	ended := s.ended
	s.turn()
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.watching[h.Plural]--
		s.turn()
	}()
	w.Header().Set("Content-Type", "application/json")
	send := func(kind string, object any) {
		_ = json.NewEncoder(w).Encode(map[string]any{"type": kind, "object": object})
		w.(http.Flusher).Flush()
	}
	table := map[string]any{"apiVersion": "meta.k8s.io/v1", "kind": "Table", "columnDefinitions": h.columns()}
	w.(http.Flusher).Flush()
	for {
		select {
		case <-ended:
			return
		default:
		}
		s.mu.Lock()
		events, turned, oldest := s.events, s.turned, s.oldest
		s.mu.Unlock()
		if from < oldest { // After it was ended.
			send("ERROR", map[string]any{"kind": "Status", "code": http.StatusGone, "message": "too old resource version"})
			return
		}
		for ; from < len(events); from++ {
			e := events[from]
			if e.plural != h.Plural || namespace != "" && e.namespace != namespace {
				continue
			}
			object := maps.Clone(e.object)
			metadata := maps.Clone(object["metadata"].(map[string]any))
			metadata["resourceVersion"] = strconv.Itoa(from + 1)
			object["metadata"] = metadata
			if AsMetadata(r) {
				send(e.kind, bareOf(object))
				continue
			}
			if !AsTable(r) {
				send(e.kind, object)
				continue
			}
			cells := slices.Clone(e.cells)
			for len(cells) < len(h.Columns)+1 {
				cells = append(cells, nil)
			}
			table["rows"] = []any{map[string]any{"cells": cells, "object": object}}
			send(e.kind, table)
			delete(table, "columnDefinitions")
		}
		select {
		case <-turned:
		case <-ended:
			return
		case <-r.Context().Done():
			return
		}
	}
}
