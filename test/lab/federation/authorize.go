package federation

import (
	"context"
	"encoding/base64"
	"html"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/fault"
)

// minState is the entropy that is wanted of state, in characters.
const minState = 8

// request is what an authorization request asks for, checked.
type request struct {
	redirect *url.URL
	upstream Upstream // without a name: it is not chosen yet
	scopes   []string
	query    url.Values
}

// authorize is section 2.4, and with the password in headers section 2.5.
func (s *Service) authorize(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		badRequest(w, "the form cannot be read")
		return
	}
	req, problem := s.check(r.Form, r.Header)
	switch {
	case req.redirect == nil:
		badRequest(w, problem) // The browser shows it: the listener never hears of it.
	case problem != "":
		code, description, _ := strings.Cut(problem, ": ")
		s.answer(w, r, req, url.Values{"error": {code}, "error_description": {description}})
	case hasPassword(r.Header):
		s.password(w, r, req)
	case req.upstream.Name == "":
		http.Redirect(w, r, s.chooseURL(r.Form), http.StatusSeeOther)
	case !slices.Contains(req.upstream.Flows, "browser_authcode"):
		s.deny(w, r, req, "The identity provider does not offer this flow.")
	case req.upstream.OIDC != nil:
		s.begin(w, r, req)
	default:
		http.Redirect(w, r, s.Issuer+"/login?state="+url.QueryEscape(base64.RawURLEncoding.EncodeToString([]byte(r.Form.Encode()))), http.StatusSeeOther)
	}
}

// check finds what is wrong with a request. Without a redirect the answer is no redirect: whoever asked cannot be trusted with one.
func (s *Service) check(form url.Values, header http.Header) (req request, problem string) {
	req.query = form
	for name, values := range form {
		if len(values) != 1 {
			return req, "the parameter " + name + " is there more than once"
		}
		if !slices.Contains(authorizeParameters, name) {
			return req, "the parameter " + name + " is none that the client sends"
		}
	}
	if form.Get("client_id") != ClientID {
		return req, "invalid_client: the client is unknown"
	}
	redirect, err := url.Parse(form.Get("redirect_uri"))
	if err != nil || redirect.Scheme != "http" || redirect.Hostname() != "127.0.0.1" || redirect.Path != "/callback" || redirect.RawQuery != "" || redirect.Fragment != "" {
		return req, "the redirect_uri is not one that was registered"
	}
	var known bool
	if req.upstream, known = s.choose(form.Get("pinniped_idp_name"), header); !known {
		return req, "the identity provider is unknown"
	}
	req.redirect = redirect
	req.scopes = strings.Fields(form.Get("scope"))
	return req, checkProtocol(form, req.scopes)
}

var authorizeParameters = []string{
	"access_type", "client_id", "code_challenge", "code_challenge_method", "nonce", "pinniped_idp_name", "pinniped_idp_type",
	"redirect_uri", "response_mode", "response_type", "scope", "state",
}

// choose takes the named upstream, else the only one, else none yet. With a password it must be named.
func (s *Service) choose(name string, header http.Header) (Upstream, bool) {
	switch {
	case name != "" || hasPassword(header):
		return s.upstream(name)
	case len(s.Upstreams) == 1:
		return s.Upstreams[0], true
	}
	return Upstream{}, true
}

// checkProtocol finds what is told by a redirect.
func checkProtocol(form url.Values, scopes []string) string {
	challenge, err := base64.RawURLEncoding.DecodeString(form.Get("code_challenge"))
	switch {
	case form.Get("response_type") != "code":
		return "unsupported_response_type: The authorization server does not support obtaining a token using this method."
	case len(form.Get("state")) < minState:
		return "invalid_state: The state is missing or does not have enough characters."
	case form.Get("code_challenge_method") != "S256" || err != nil || len(challenge) != 32:
		return "invalid_request: Clients must include a code_challenge with the method S256."
	case form.Get("nonce") == "" || len(form.Get("nonce")) < minState:
		return "invalid_request: The nonce is missing or does not have enough characters."
	case !slices.Contains([]string{"", "query", "form_post"}, form.Get("response_mode")):
		return "unsupported_response_mode: The authorization server does not support this response mode."
	case slices.ContainsFunc(scopes, func(scope string) bool { return !slices.Contains(scopesSupported, scope) }):
		return "invalid_scope: The requested scope is invalid, unknown, or malformed."
	}
	return ""
}

func hasPassword(h http.Header) bool {
	return len(h.Values("Pinniped-Username")) > 0 || len(h.Values("Pinniped-Password")) > 0
}

// password answers with a redirect at once, which the client reads and does not follow.
func (s *Service) password(w http.ResponseWriter, r *http.Request, req request) {
	name, password := r.Header.Get("Pinniped-Username"), r.Header.Get("Pinniped-Password")
	if strings.TrimSpace(name) == "" || password == "" {
		s.deny(w, r, req, "Missing or blank username or password.")
		return
	}
	if !slices.Contains(req.upstream.Flows, "cli_password") {
		s.deny(w, r, req, "Resource owner password credentials grant is not allowed for this upstream provider.")
		return
	}
	if fault.From(r.Context()).UpstreamDown {
		s.answer(w, r, req, url.Values{"error": {"error"}, "error_description": {"Unexpected error during upstream LDAP authentication."}})
		return
	}
	user, refusal := req.upstream.prove(r.Context(), name, password)
	if user.Username == "" {
		s.deny(w, r, req, refusal)
		return
	}
	s.grant(w, r, req, user)
}

// prove asks the upstream about a password. Of an OIDC provider's refusal nothing is told but the error's own text.
func (u Upstream) prove(ctx context.Context, name, password string) (user User, refusal string) {
	if u.OIDC == nil {
		if user, ok := u.Check(name, password); ok {
			return user, ""
		}
		return User{}, "Username/password not accepted by LDAP provider."
	}
	user, err := u.OIDC.password(ctx, name, password)
	if err != nil {
		return User{}, ""
	}
	return user, ""
}

func (s *Service) deny(w http.ResponseWriter, r *http.Request, req request, why string) {
	s.answer(w, r, req, url.Values{"error": {"access_denied"},
		"error_description": {"The resource owner or authorization server denied the request. " + why}})
}

// grant hands out a code, unless a policy is against it.
func (s *Service) grant(w http.ResponseWriter, r *http.Request, req request, user User) {
	if why := fault.From(r.Context()).Policy; why != "" {
		s.deny(w, r, req, "Reason: configured identity policy rejected this authentication: "+why+".")
		return
	}
	one := &session{
		user: user, name: req.upstream.NamePrefix + user.Username, upstream: req.upstream.Name, began: s.Now(), code: "pin_ac_" + random(), challenge: req.query.Get("code_challenge"),
		redirect: req.query.Get("redirect_uri"), nonce: req.query.Get("nonce"),
	}
	one.past = []string{one.code}
	// For this client the user's name and groups are granted unasked.
	one.scopes = append(one.scopes, req.scopes...)
	for _, scope := range []string{"username", "groups"} {
		if !slices.Contains(one.scopes, scope) {
			one.scopes = append(one.scopes, scope)
		}
	}
	s.mu.Lock()
	s.sessions = append(s.sessions, one)
	s.mu.Unlock()
	s.answer(w, r, req, url.Values{"code": {one.code}, "scope": {strings.Join(one.scopes, " ")}})
}

// answer goes to the client's listener: by a redirect, or by a page that posts.
func (s *Service) answer(w http.ResponseWriter, r *http.Request, req request, params url.Values) {
	params.Set("state", req.query.Get("state"))
	if req.query.Get("response_mode") == "form_post" && !hasPassword(r.Header) {
		w.Header().Set("Content-Type", "text/html;charset=UTF-8")
		_, _ = io.WriteString(w, formPost(req.redirect.String(), params))
		return
	}
	to := *req.redirect
	to.RawQuery = params.Encode()
	w.Header().Set("Location", to.String())
	w.WriteHeader(http.StatusSeeOther)
}

// formPost is a page whose script sends the parameters, and shows the code where that fails.
func formPost(to string, params url.Values) string {
	return `<!DOCTYPE html><html><head><title>Logging in</title></head><body>
<p id="message">Logging in …</p><pre id="code" hidden>` + html.EscapeString(params.Get("code")) + `</pre>
<form id="form" action="` + html.EscapeString(to) + `" data-params="` + html.EscapeString(params.Encode()) + `"></form>
<script>
const form = document.getElementById("form"), message = document.getElementById("message");
fetch(form.action, {method: "POST", mode: "cors", headers: {"Content-Type": "application/x-www-form-urlencoded"}, body: form.dataset.params})
  .then(reply => reply.text().then(text => { message.textContent = text; }))
  .catch(() => { message.textContent = "Finish the login by copying this code:"; document.getElementById("code").hidden = false; });
</script></body></html>
`
}

func badRequest(w http.ResponseWriter, why string) {
	writeJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_request", "error_description": why})
}
