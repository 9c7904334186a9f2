// Package objecttest plays an API server for tests: objects of any kind as tables, one by one, and as watches of tables
// (https://kubernetes.io/docs/reference/using-api/api-concepts/).
package objecttest

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// Server holds objects. It is strict: a request that the programs should not make fails the test.
type Server struct {
	Written Written

	t        testing.TB
	mu       sync.Mutex
	holdings []Holding
	events   []event        // of all holdings, in order
	watching map[string]int // watches under way, by plural
	turned   chan struct{}  // closed when the fields above, or ended, change
	ended    chan struct{}  // closed to end all watches
	oldest   int            // a watch from an older version is told to list again
}

// New makes a server that holds nothing.
func New(t testing.TB) *Server {
	return &Server{t: t, watching: map[string]int{}, turned: make(chan struct{}), ended: make(chan struct{})}
}

// AsTable reports whether a request asks for a table.
func AsTable(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "as=Table") }

// AsMetadata reports whether a request asks for the metadata of objects alone.
func AsMetadata(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadata")
}

// OfLogin reports whether a request is one of a login, whose pages of metadata are longer than those of lists.
func OfLogin(r *http.Request) bool { return AsMetadata(r) && r.URL.Query().Get("limit") == "500" }

// Forbid answers 403.
func Forbid(w http.ResponseWriter, message string) {
	WriteJSON(w, http.StatusForbidden, map[string]any{"kind": "Status", "message": message})
}

// WriteJSON answers with JSON.
func WriteJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
