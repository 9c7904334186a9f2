package federation

import (
	"net/http"
	"net/url"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// pending is a login that a browser has under way at an upstream.
type pending struct {
	form            url.Values // the client's request
	verifier, nonce string
	browser         string // what its cookie holds, so that nobody finishes the login of somebody else
}

const csrfCookie = "__Host-pinniped-csrf-v2"

// begin sends the browser to an upstream of type oidc. What is asked there has a state, nonce and verifier of its own.
func (s *Service) begin(w http.ResponseWriter, r *http.Request, req request) {
	state, p := random(), pending{form: req.query, verifier: oauth2.GenerateVerifier(), nonce: random(), browser: random()}
	s.mu.Lock()
	s.pending[state] = p
	s.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: csrfCookie, Value: p.browser, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	to := req.upstream.OIDC.oauth.AuthCodeURL(state, oauth2.S256ChallengeOption(p.verifier), oidc.Nonce(p.nonce))
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// callback is where the upstream sends the browser back to (section 2.1). What goes wrong here the browser shows, and the client
// never hears of it.
func (s *Service) callback(w http.ResponseWriter, r *http.Request) {
	p, ok := s.take(r.URL.Query().Get("state"))
	cookie, err := r.Cookie(csrfCookie)
	code := r.URL.Query().Get("code")
	switch {
	case !ok:
		plainError(w, http.StatusBadRequest, "error reading state")
		return
	case err != nil || cookie.Value != p.browser:
		plainError(w, http.StatusForbidden, "CSRF value does not match")
		return
	case code == "":
		plainError(w, http.StatusBadRequest, "code param not found")
		return
	}
	req, _ := s.check(p.form, http.Header{}) // It was right when the login began.
	user, err := req.upstream.OIDC.redeem(r.Context(), code, p.verifier, p.nonce)
	if err != nil {
		plainError(w, http.StatusBadGateway, "error exchanging and validating upstream tokens")
		return
	}
	s.grant(w, r, req, user)
}

// take is for one use of a state.
func (s *Service) take(state string) (pending, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.pending[state]
	delete(s.pending, state)
	return p, ok
}

func plainError(w http.ResponseWriter, status int, text string) {
	http.Error(w, http.StatusText(status)+": "+text, status)
}
