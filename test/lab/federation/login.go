package federation

import (
	"encoding/base64"
	"html"
	"io"
	"net/http"
	"net/url"
)

// loginPage is the form of an upstream that has none of its own, such as LDAP (section 2.1). Its state is the whole request.
func (s *Service) loginPage(w http.ResponseWriter, r *http.Request) {
	page(w, r.URL.Query().Get("state"), "")
}

func page(w http.ResponseWriter, state, problem string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, `<!DOCTYPE html><html><head><title>Log in</title></head><body><p id="alert">`+html.EscapeString(problem)+`</p>
<form method="post"><input type="hidden" name="state" value="`+html.EscapeString(state)+`">
<input name="username" id="username"><input name="password" id="password" type="password">
<button id="submit">Log in</button></form></body></html>
`)
}

// loginForm is what that form sends.
func (s *Service) loginForm(w http.ResponseWriter, r *http.Request) {
	state := r.PostFormValue("state")
	text, err := base64.RawURLEncoding.DecodeString(state)
	form, formErr := url.ParseQuery(string(text))
	if err != nil || formErr != nil {
		badRequest(w, "the state cannot be read")
		return
	}
	req, problem := s.check(form, http.Header{})
	if req.redirect == nil || problem != "" {
		badRequest(w, problem)
		return
	}
	if req.upstream.Check == nil {
		badRequest(w, "the identity provider has a login page of its own")
		return
	}
	user, ok := req.upstream.Check(r.PostFormValue("username"), r.PostFormValue("password"))
	if !ok {
		page(w, state, "Incorrect username or password.")
		return
	}
	s.grant(w, r, req, user)
}
