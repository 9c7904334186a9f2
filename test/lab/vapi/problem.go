package vapi

import (
	"net/http"
	"strings"
)

// problem is an error of the API. Below /api it has an error_type, below /rest the name of the error's structure; both carry messages.
type problem struct {
	status int
	kind   string // the error_type
	old    string // the last part of the structure's name
	message
}

// message is a localizable message of the vSphere Automation API.
type message struct {
	Args    []string `json:"args"`
	Default string   `json:"default_message"`
	ID      string   `json:"id"`
}

func newProblem(status int, kind, id, text string) problem {
	return problem{status, kind, strings.ToLower(kind), message{[]string{}, text, id}}
}

var (
	unauthenticated = newProblem(http.StatusUnauthorized, "UNAUTHENTICATED", "com.vmware.vapi.endpoint.method.authentication.required", "Authentication required.")
	unauthorized    = newProblem(http.StatusForbidden, "UNAUTHORIZED", "vapi.method.authorization.denied", "The user may not call this method.")
	notFound        = newProblem(http.StatusNotFound, "NOT_FOUND", "com.vmware.vapi.rest.httpNotFound", "Not found.")
	tooMany         = newProblem(http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE", "lab.sessions.many", "The user has too many sessions: end some.")
)

func badRequest(text string) problem {
	return newProblem(http.StatusBadRequest, "INVALID_ARGUMENT", "lab.argument.invalid", text)
}

// refuse writes a problem in the shape that belongs to the path.
func refuse(w http.ResponseWriter, r *http.Request, p problem) {
	messages := []message{p.message}
	if strings.HasPrefix(r.URL.Path, "/rest/") {
		writeJSON(w, p.status, map[string]any{"type": "com.vmware.vapi.std.errors." + p.old, "value": map[string]any{"messages": messages}})
		return
	}
	writeJSON(w, p.status, map[string]any{"error_type": p.kind, "messages": messages})
}
