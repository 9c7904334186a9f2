package oidc

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// What an answer means for the session.
const (
	ends    = "ends"    // never again
	stays   = "stays"   // the refresh token is kept, and asked with again later
	network = "network" // no answer
)

// meanings has every error code of RFC 6749 (sections 4.1.2.1 and 5.2), OpenID Connect Core, RFC 6750, 8628 and 8693, and those that Pinniped
// and Dex invented, at each status that somebody answers with. Only a refusal of the grant itself ends a session.
func meanings(status int, code string) string {
	switch {
	case status >= 500 || status == http.StatusTooManyRequests:
		return stays
	case code == "invalid_grant":
		return ends
	}
	return stays
}

func TestMeaningsOfARefusedRefresh(t *testing.T) {
	codes := []string{
		"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope", "access_denied",
		"unsupported_response_type", "server_error", "temporarily_unavailable", "interaction_required", "login_required", "consent_required",
		"account_selection_required", "invalid_token", "insufficient_scope", "authorization_pending", "slow_down", "expired_token", "invalid_target",
		"error", "request_unauthorized", "not_found", "bad_refresh_token", "INVALID_GRANT", "invalid_grant ", "",
	}
	a := newAnswerer(t)
	for _, plain := range []bool{false, true} {
		for _, status := range []int{400, 401, 403, 404, 408, 429, 500, 502, 503, 504} {
			for _, code := range codes {
				for form, reply := range bodies(code) {
					name := fmt.Sprintf("plain %t, %d, %q, %s", plain, status, code, form)
					want := meanings(status, code)
					if form == "html" || form == "cut" || form == "list" || form == "number" || form == "text as JSON" {
						want = stays
					}
					checkMeaning(t, name, a.meaning(t, plain, func(w http.ResponseWriter) { reply(w, status) }), want)
				}
			}
		}
		checkMeaning(t, "a broken connection", a.meaning(t, plain, func(http.ResponseWriter) { panic(http.ErrAbortHandler) }), network)
		for form, reply := range bodies("") { // As a proxy or a captive portal answers: nobody knows whether the token is spent.
			checkMeaning(t, "200 and "+form, a.meaning(t, plain, func(w http.ResponseWriter) { reply(w, http.StatusOK) }), stays)
		}
		of := map[bool]string{true: ends, false: stays}[plain]
		checkMeaning(t, "Dex, of a token that was used", a.meaning(t, plain, func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":"invalid_request","error_description":"Refresh token is invalid or has already been claimed by another client."}`)
		}), of)
		checkMeaning(t, "no body", a.meaning(t, plain, func(w http.ResponseWriter) { w.WriteHeader(http.StatusUnauthorized) }), stays)
		checkMeaning(t, "a redirect", a.meaning(t, plain, func(w http.ResponseWriter) {
			w.Header().Set("Location", "https://login.example.com/?error=invalid_grant")
			w.WriteHeader(http.StatusFound)
		}), stays)
	}
}

// bodies are the forms in which a server, or a proxy before it, answers with a code.
func bodies(code string) map[string]func(w http.ResponseWriter, status int) {
	with := func(kind, text string) func(http.ResponseWriter, int) {
		return func(w http.ResponseWriter, status int) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)
		}
	}
	return map[string]func(http.ResponseWriter, int){
		"json":            with("application/json", fmt.Sprintf(`{"error":%q,"error_description":"It says so."}`, code)),
		"json by another": with("application/json;charset=UTF-8", fmt.Sprintf(`{"error":%q,"more":{"a":[1,2]}}`, code)),
		"form":            with("application/x-www-form-urlencoded", url.Values{"error": {code}}.Encode()),
		"html":            with("text/html", "<html>"+code+"</html>"),
		"cut":             with("application/json", fmt.Sprintf(`{"error":%q,"error_desc`, code)),
		"list":            with("application/json", fmt.Sprintf(`[{"error":%q}]`, code)),
		"number":          with("application/json", `{"error":400}`),
		"text as JSON":    with("application/json", code),
	}
}

// answerer is a token endpoint that answers as a test wants.
type answerer struct {
	reply  func(http.ResponseWriter)
	server *httptest.Server
}

func newAnswerer(t *testing.T) *answerer {
	a := &answerer{}
	a.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { a.reply(w) }))
	a.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	a.server.StartTLS()
	t.Cleanup(a.server.Close)
	return a
}

// meaning is what Renew makes of a reply.
func (a *answerer) meaning(t *testing.T, plain bool, reply func(http.ResponseWriter)) string {
	t.Helper()
	a.reply = reply
	c := &Client{Wire: &wire.Client{HTTP: a.server.Client()}, Now: time.Now}
	c.Wire.HTTP.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.Plain, c.Provider.Issuer, c.Provider.Token = plain, a.server.URL, a.server.URL+"/token"
	c.Refresh.Secret = "pin_rt_1"
	err := c.Renew(t.Context(), func() error { t.Error("something was kept"); return nil })
	if c.Refresh.Secret != "pin_rt_1" {
		t.Error("the refresh token is gone")
	}
	var later *RefreshError
	switch {
	case errors.Is(err, ErrVoid) && !errors.Is(err, wire.ErrRefused):
		return ends
	case errors.As(err, &later) && errors.Is(err, wire.ErrServer) && !errors.Is(err, wire.ErrRefused):
		return stays
	case errors.Is(err, wire.ErrUnreachable):
		return network
	}
	return fmt.Sprint(err)
}

func checkMeaning(t *testing.T, name, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %s, not %s", name, got, want)
	}
}

// What Pinniped's own handlers answer at a refresh, by its source (internal/federationdomain/endpoints/token and resolvedprovider).
func TestMeaningsOfPinniped(t *testing.T) {
	for said, want := range map[struct {
		status            int
		code, description string
	}]string{
		{400, "invalid_grant", "The provided authorization grant … is invalid, expired, revoked. The token is malformed or not valid."}:          ends,
		{401, "error", "Error during upstream refresh. Upstream refresh failed."}:                                                                stays,
		{401, "error", "Error during upstream refresh. Upstream refresh returned an invalid ID token or UserInfo response."}:                     stays,
		{401, "error", "Error during upstream refresh. Upstream refresh error while extracting groups claim."}:                                   stays,
		{401, "error", "Error during upstream refresh. Upstream refresh rejected by configured identity policy: only developers."}:               stays,
		{401, "error", "Error during upstream refresh. Provider from upstream session data was not found."}:                                      stays, // It is not listed while it does not answer.
		{401, "error", "Error during upstream refresh. Provider from upstream session data has changed its resource UID since authentication."}:  stays,
		{500, "error", "There was an internal server error. Required upstream data not found in session."}:                                       stays,
		{503, "temporarily_unavailable", "The authorization server is currently unable to handle the request."}:                                  stays,
		{401, "invalid_client", "Client authentication failed."}:                                                                                 stays,
		{400, "invalid_scope", "The requested scope is invalid, unknown, or malformed."}:                                                         stays,
		{403, "access_denied", "The resource owner or authorization server denied the request."}:                                                 stays,
		{400, "invalid_request", "The request is missing a required parameter, includes an invalid parameter value, or is otherwise malformed."}: stays,
		{400, "unauthorized_client", "The client is not authorized to request a token using this method."}:                                       stays,
		{500, "server_error", "The authorization server encountered an unexpected condition that prevented it from fulfilling the request."}:     stays,
		{401, "request_unauthorized", "The request could not be authorized."}:                                                                    stays,
	} {
		err := refreshError(&Error{Status: said.status, Code: said.code, Description: said.description}, false)
		var later *RefreshError
		if void := errors.Is(err, ErrVoid); void != (want == ends) || errors.As(err, &later) == void {
			t.Errorf("%+v: %v", said, err)
		}
	}
}

// The same code means something else where a person or an access token is asked about: "error" is the upstream of a Pinniped, and no refusal.
func TestKindsOfAnError(t *testing.T) {
	for _, tc := range []struct {
		status int
		code   string
		want   error
	}{
		{0, "access_denied", wire.ErrRefused}, {0, "error", wire.ErrServer}, {0, "server_error", wire.ErrServer}, {0, "login_required", wire.ErrServer},
		{401, "error", wire.ErrServer}, {401, "invalid_grant", wire.ErrRefused}, {400, "invalid_grant", wire.ErrRefused}, {401, "who_knows", wire.ErrRefused},
		{401, "request_unauthorized", wire.ErrRefused}, {401, "invalid_client", wire.ErrServer}, {400, "invalid_request", wire.ErrServer},
		{403, "access_denied", wire.ErrRefused}, {502, "invalid_grant", wire.ErrServer}, {429, "access_denied", wire.ErrServer}, {502, "error", wire.ErrServer},
	} {
		if err := (&Error{Status: tc.status, Code: tc.code}); !errors.Is(err, tc.want) {
			t.Errorf("%d %s: %v", tc.status, tc.code, errors.Unwrap(err))
		}
	}
}

// An ID token that says that it is good for ever is kept for 30 days.
func TestIDTokenThatNeverEnds(t *testing.T) {
	i := newIssuer(t)
	i.client.Plain = true
	for years, want := range map[int]time.Duration{0: time.Hour, 1: maxID, 7000: maxID} {
		claims := i.claims(i.client.Client, "")
		claims["exp"] = time.Now().Add(time.Hour).AddDate(years, 0, 0).Unix()
		token := (&oauth2.Token{AccessToken: "a"}).WithExtra(map[string]any{"id_token": i.es256(claims)})
		if _, err := i.client.acceptLogin(t.Context(), token, ""); err != nil {
			t.Fatal(err)
		}
		if left := time.Until(i.client.IDUntil); left > want || left < want-time.Minute {
			t.Errorf("%d years: it is kept for %s", years, left)
		}
	}
}
