package federation

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/fault"
)

// What the token endpoint is asked for.
const (
	grantCode     = "authorization_code"
	grantRefresh  = "refresh_token"
	grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange"

	typeAccess = "urn:ietf:params:oauth:token-type:access_token"
	typeJWT    = "urn:ietf:params:oauth:token-type:jwt"
)

// parameters are what each grant needs; client_id and grant_type go without saying. Nothing else may be there.
var parameters = map[string][]string{
	grantCode:     {"code", "code_verifier", "redirect_uri"},
	grantRefresh:  {"refresh_token"},
	grantExchange: {"audience", "subject_token", "subject_token_type", "requested_token_type"},
}

// failure is an error reply of the token endpoint.
type failure struct {
	status            int
	code, description string
}

// token is sections 2.4 (the code), 2.6 (refresh) and 2.7 (exchange).
func (s *Service) token(w http.ResponseWriter, r *http.Request) {
	form, failed := tokenForm(r)
	if failed != nil {
		failed.write(w)
		return
	}
	var reply map[string]any
	switch form.Get("grant_type") {
	case grantCode:
		reply, failed = s.redeem(form)
	case grantRefresh:
		reply, failed = s.renew(r.Context(), form)
	case grantExchange:
		reply, failed = s.exchange(form)
	}
	if failed != nil {
		failed.write(w)
		return
	}
	writeJSON(w, http.StatusOK, reply)
}

func (f *failure) write(w http.ResponseWriter) {
	writeJSON(w, f.status, map[string]string{"error": f.code, "error_description": f.description})
}

// tokenForm checks the form of a token request.
func tokenForm(r *http.Request) (url.Values, *failure) {
	invalid := func(description string) (url.Values, *failure) {
		return nil, &failure{http.StatusBadRequest, "invalid_request", description}
	}
	if r.ParseForm() != nil || len(r.URL.RawQuery) > 0 {
		return invalid("The request is malformed.")
	}
	form := r.PostForm
	if user, password, ok := r.BasicAuth(); ok { // The client has no secret, so this is allowed, too.
		if user != ClientID || password != "" {
			return nil, &failure{http.StatusUnauthorized, "invalid_client", "Client authentication failed."}
		}
	} else if form.Get("client_id") != ClientID {
		return nil, &failure{http.StatusUnauthorized, "invalid_client", "Client authentication failed."}
	}
	needed, known := parameters[form.Get("grant_type")]
	if !known {
		return invalid("The grant_type is not supported.")
	}
	for name, values := range form {
		if len(values) != 1 || name != "client_id" && name != "grant_type" && !slices.Contains(needed, name) {
			return invalid("The parameter " + name + " does not belong here, or is there twice.")
		}
	}
	for _, name := range needed {
		if form.Get(name) == "" {
			return invalid("The parameter " + name + " is missing.")
		}
	}
	return form, nil
}

var malformed = &failure{http.StatusBadRequest, "invalid_grant",
	"The provided authorization grant or refresh token is invalid, expired, revoked, does not match the redirection URI, or was issued to another client. The token is malformed or not valid."}

// redeem takes a code, once. A second use revokes what the first one got, and a wrong verifier spoils the code.
func (s *Service) redeem(form url.Values) (map[string]any, *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.find(func(one *session) bool { return one.code == form.Get("code") })
	if one == nil {
		return nil, malformed
	}
	if one.used {
		one.revoke()
		return nil, malformed
	}
	one.used = true
	sum := sha256.Sum256([]byte(form.Get("code_verifier")))
	switch {
	case base64.RawURLEncoding.EncodeToString(sum[:]) != one.challenge, form.Get("redirect_uri") != one.redirect,
		s.Now().After(one.began.Add(s.Lifetimes.Code)):
		return nil, malformed
	}
	return s.issue(one, one.nonce)
}

// renew rotates: the old refresh token and the old access token end at once. The upstream is asked without the lock: of two
// refreshes at once both come that far, and an upstream that rotates tells the second no (section 2.6). A refusal ends nothing here.
func (s *Service) renew(ctx context.Context, form url.Values) (map[string]any, *failure) {
	token := form.Get("refresh_token")
	user, upstream, ok := s.refreshable(token)
	if !ok {
		return nil, malformed
	}
	bad := fault.From(ctx)
	if ok = !bad.UpstreamDown; ok {
		user, ok = s.again(ctx, upstream, user)
	}
	if !ok { // The same words for an upstream that is down and a user that it does not welcome.
		return nil, &failure{http.StatusUnauthorized, "error", "Error during upstream refresh. Upstream refresh failed."}
	}
	if bad.Policy != "" {
		return nil, &failure{http.StatusUnauthorized, "error", "Error during upstream refresh. Upstream refresh rejected by configured identity policy: " + bad.Policy + "."}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.find(func(one *session) bool { return one.refresh == token })
	if one == nil { // Another one was faster, or the session was revoked.
		return nil, malformed
	}
	one.user = user
	return s.issue(one, "")
}

// refreshable tells whose refresh token it is, if it is good.
func (s *Service) refreshable(token string) (user User, upstream string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.find(func(one *session) bool { return one.refresh == token })
	if one == nil || s.Now().After(one.freshUntil) {
		return User{}, "", false
	}
	return one.user, one.upstream, true
}

// again asks the upstream whether the user is still welcome, and as whom.
func (s *Service) again(ctx context.Context, upstream string, user User) (User, bool) {
	u, ok := s.upstream(upstream)
	switch {
	case !ok:
		return User{}, false
	case u.OIDC != nil:
		user, err := u.OIDC.again(ctx, user)
		return user, err == nil
	}
	return user, u.Again == nil || u.Again(user.Username)
}

// issue hands out a new set of tokens.
func (s *Service) issue(one *session, nonce string) (map[string]any, *failure) {
	id, err := s.idToken(one, nonce)
	if err != nil {
		return nil, &failure{http.StatusInternalServerError, "server_error", err.Error()}
	}
	one.access, one.accessUntil = "pin_at_"+random(), s.Now().Add(s.Lifetimes.Access)
	reply := map[string]any{
		"access_token": one.access, "id_token": id, "expires_in": int(s.Lifetimes.Access.Seconds()),
		"scope": strings.Join(one.scopes, " "), "token_type": "bearer",
	}
	if slices.Contains(one.scopes, "offline_access") {
		one.refresh, one.freshUntil = "pin_rt_"+random(), s.Now().Add(s.Lifetimes.Refresh) // It begins anew with each refresh.
		reply["refresh_token"] = one.refresh
	}
	one.past = append(one.past, one.access, one.refresh)
	return reply, nil
}

// exchange gives a token for an audience (RFC 8693).
func (s *Service) exchange(form url.Values) (map[string]any, *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	audience := form.Get("audience")
	switch {
	case form.Get("subject_token_type") != typeAccess, form.Get("requested_token_type") != typeJWT:
		return nil, &failure{http.StatusBadRequest, "invalid_request", "The token types are not supported."}
	case audience == ClientID, strings.Contains(audience, ".pinniped.dev"):
		return nil, &failure{http.StatusBadRequest, "invalid_request", "The audience is not allowed."}
	}
	one := s.find(func(one *session) bool { return one.access == form.Get("subject_token") })
	switch {
	case one == nil || s.Now().After(one.accessUntil):
		return nil, &failure{http.StatusUnauthorized, "request_unauthorized", "Invalid 'subject_token' parameter value."}
	case !slices.Contains(one.scopes, RequestScope), !slices.Contains(one.scopes, "openid"):
		return nil, &failure{http.StatusForbidden, "access_denied", "Missing the scopes openid or " + RequestScope + "."}
	}
	token, err := s.audienceToken(one, audience)
	if err != nil {
		return nil, &failure{http.StatusInternalServerError, "server_error", err.Error()}
	}
	return map[string]any{"access_token": token, "issued_token_type": typeJWT, "token_type": "N_A"}, nil
}

// find looks a session up by what it handed out; an empty string is never one.
func (s *Service) find(is func(*session) bool) *session {
	i := slices.IndexFunc(s.sessions, is)
	if i < 0 {
		return nil
	}
	return s.sessions[i]
}
