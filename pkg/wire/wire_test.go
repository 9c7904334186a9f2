package wire_test

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

const (
	password = redact.Secret("pass-word-7")
	token    = redact.Secret("tok.en.7")
)

// serve starts a TLS server and a client of the program's own making that believes its certificate.
func serve(t *testing.T, handler http.HandlerFunc) (*wire.Client, string) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = quiet()
	server.StartTLS()
	t.Cleanup(server.Close)
	return verified(t, server), server.URL
}

// verified makes a client that verifies a server.
func verified(t *testing.T, server *httptest.Server) *wire.Client {
	t.Helper()
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	return clientOf(t, trust.Trust{Mode: trust.Bundle, CA: ca})
}

// held returns secrets that the server of a URL may have.
func held(url string, s redact.Secret) disclose.Secret {
	return disclose.SupervisorAt(url).Hold(disclose.Password, s)
}

func client(t *testing.T, mode trust.Mode) *wire.Client {
	t.Helper()
	return clientOf(t, trust.Trust{Mode: mode})
}

func clientOf(t *testing.T, by trust.Trust) *wire.Client {
	t.Helper()
	h, err := by.Client(trust.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.CloseIdleConnections)
	return &wire.Client{HTTP: h}
}

// reply is a handler that answers everything alike.
func reply(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func get(url string) wire.Request { return wire.Request{Method: http.MethodGet, URL: url} }

// fails runs a request that must fail with an *Error of this kind and no other.
func fails(t *testing.T, c *wire.Client, r wire.Request, kind error) *wire.Error {
	t.Helper()
	body, err := c.Do(t.Context(), r)
	var failed *wire.Error
	if !errors.As(err, &failed) || body != nil {
		t.Fatalf("got %q, %v; want an *Error and no body", body, err)
	}
	for _, k := range []error{wire.ErrRefused, wire.ErrForbidden, wire.ErrNotFound, wire.ErrUnreachable, wire.ErrServer} {
		if errors.Is(err, k) != (k == kind) {
			t.Errorf("errors.Is(%v, %v) is %v", err, k, errors.Is(err, k))
		}
	}
	if strings.ContainsAny(err.Error(), "\n\r\t\x1b") {
		t.Errorf("%q is more than one harmless line", err.Error())
	}
	return failed
}

func TestStatusDecidesTheKind(t *testing.T) {
	for status, tc := range map[int]struct {
		kind error
		text string
	}{
		301: {wire.ErrServer, "moved permanently (301): the server answers with a redirect, which is not followed"},
		400: {wire.ErrServer, "bad request (400)"},
		401: {wire.ErrRefused, "unauthorized (401)"},
		403: {wire.ErrForbidden, "forbidden (403)"},
		404: {wire.ErrNotFound, "not found (404)"},
		410: {wire.ErrServer, "gone (410)"},
		429: {wire.ErrServer, "too many requests (429)"},
		500: {wire.ErrServer, "internal server error (500)"},
		503: {wire.ErrServer, "service unavailable (503)"},
		599: {wire.ErrServer, "unknown status (599)"},
	} {
		c, url := serve(t, reply(status, "application/json", ""))
		failed := fails(t, c, get(url+"/path"), tc.kind)
		if failed.Status != status || failed.Error() != "GET "+url+"/path: "+tc.text {
			t.Errorf("%d: status %d, text %q", status, failed.Status, failed.Error())
		}
	}
}

func TestDoReturnsTheBodyOfEvery2xx(t *testing.T) {
	for _, status := range []int{200, 201, 202} {
		c, url := serve(t, reply(status, "application/json", `{"a":1}`))
		if body, err := c.Do(t.Context(), get(url)); err != nil || string(body) != `{"a":1}` {
			t.Errorf("%d: %q, %v", status, body, err)
		}
	}
}

func TestErrorsRepeatWhatTheServerSaysToPeople(t *testing.T) {
	for name, tc := range map[string]struct{ contentType, body, want string }{
		"message of JSON":      {"application/json", `{"message":"quota is used up"}`, ": quota is used up"},
		"error of JSON":        {"application/json", `{"error":"no such thing"}`, ": no such thing"},
		"detail of JSON":       {"application/json", `{"detail":"details"}`, ": details"},
		"message goes first":   {"application/json", `{"detail":"d","error":"e","message":"m"}`, ": m"},
		"an error object":      {"application/json", `{"error":{"code":7}}`, ""},
		"other JSON":           {"application/json", `{"kind":"Status"}`, ""},
		"cut off JSON":         {"application/json", `{"message":"quo`, ""},
		"plain text":           {"text/plain; charset=utf-8", "try later\n", ": try later"},
		"HTML":                 {"text/html", "<html><body>secret admin page</body></html>", ""},
		"HTML sold as text":    {"text/plain", "\n <!DOCTYPE html><p>page</p>", ""},
		"another type of text": {"text/css", "body { color: red }", ""},
		"control characters":   {"text/plain", "a\x1b[2Jb\x07c\nd\u202ee", `: a\x1b[2Jb\x07c d\u202ee`},
		"and in JSON":          {"application/json", `{"message":"a\u001b]0;title\u0007b"}`, `: a\x1b]0;title\x07b`},
		"a long text":          {"text/plain", strings.Repeat("x", 5000), ": " + strings.Repeat("x", 200) + "…"},
	} {
		c, url := serve(t, reply(500, tc.contentType, tc.body))
		failed := fails(t, c, get(url), wire.ErrServer)
		if want := "internal server error (500)" + tc.want; failed.Message != want {
			t.Errorf("%s: %q, want %q", name, failed.Message, want)
		}
	}
}

func TestABodyBeyondTheLimitIsAnError(t *testing.T) {
	c, url := serve(t, reply(200, "application/json", strings.Repeat(" ", 10<<20)))
	if failed := fails(t, c, get(url), wire.ErrServer); !strings.Contains(failed.Message, "4 MiB") {
		t.Errorf("got %q", failed.Message)
	}
}

func TestABodyOfExactlyTheLimitIsFine(t *testing.T) {
	c, url := serve(t, reply(200, "application/json", strings.Repeat(" ", wire.MaxBody)))
	if body, err := c.Do(t.Context(), get(url)); err != nil || len(body) != wire.MaxBody {
		t.Errorf("%d bytes, %v", len(body), err)
	}
}

func TestALongErrorPageKeepsItsStatus(t *testing.T) {
	c, url := serve(t, reply(401, "text/html", "<html>"+strings.Repeat(" ", 10<<20)))
	fails(t, c, get(url), wire.ErrRefused)
}

func TestARedirectIsNotFollowed(t *testing.T) {
	// Nothing may arrive at the other host, least of all the password.
	other := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s arrived at the other host with Authorization %q", r.Method, r.URL, r.Header.Get("Authorization"))
	}))
	t.Cleanup(other.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, name := range []string{"password", "token"} {
			requests := 0
			c, url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				requests++
				http.Redirect(w, r, other.URL+"/stolen", status)
			})
			r := wire.Request{Method: http.MethodGet, URL: url, Bearer: held(url, token)}
			if name == "password" {
				r = wire.Request{Method: http.MethodPost, URL: url, Basic: &wire.Basic{User: "ada", Password: held(url, password)}, Body: []byte("{}")}
			}
			if failed := fails(t, c, r, wire.ErrServer); failed.Status != status || requests != 1 {
				t.Errorf("%d with a %s: status %d after %d requests", status, name, failed.Status, requests)
			}
		}
	}
}

func TestRequestsCarryWhatTheyAreTold(t *testing.T) {
	var got *http.Request
	var body []byte
	c, url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
	})
	for name, tc := range map[string]struct {
		request                     wire.Request
		authorization, accept, body string
	}{
		"password": {
			wire.Request{Method: http.MethodPost, Basic: &wire.Basic{User: "ada", Password: held(url, "ü")}, Body: []byte(`{"a":1}`)},
			"Basic YWRhOsO8", "application/json", `{"a":1}`, // ada:ü in UTF-8
		},
		"token":   {wire.Request{Method: http.MethodGet, Bearer: held(url, token), Accept: "*/*"}, "Bearer tok.en.7", "*/*", ""},
		"neither": {wire.Request{Method: http.MethodGet}, "", "application/json", ""},
	} {
		tc.request.URL = url + "/p?q=1"
		if _, err := c.Do(t.Context(), tc.request); err != nil {
			t.Fatal(err)
		}
		h := got.Header
		if got.Method != tc.request.Method || got.RequestURI != "/p?q=1" || string(body) != tc.body ||
			h.Get("Authorization") != tc.authorization || h.Get("Accept") != tc.accept ||
			h.Get("Content-Type") != "application/json" || h.Get("User-Agent") != "kubectl-vsphere" || h.Get("Accept-Encoding") != "" {
			t.Errorf("%s: %s %s %v %q", name, got.Method, got.RequestURI, h, body)
		}
	}
}

// A proxy or a page for debugging repeats what it was sent.
func TestErrorsShowNoSecretThatTheServerRepeats(t *testing.T) {
	const basic = "YWRhOnBhc3Mtd29yZC03"
	c, url := serve(t, reply(403, "text/plain", "no: "+password.Reveal()+" "+basic+" "+token.Reveal()))
	for _, r := range []wire.Request{
		{Method: http.MethodGet, URL: url, Bearer: held(url, token)},
		{Method: http.MethodGet, URL: url, Basic: &wire.Basic{User: "ada", Password: held(url, password)}},
	} {
		_, err := c.Do(t.Context(), r)
		if err == nil || !strings.Contains(err.Error(), "[secret]") {
			t.Errorf("%v", err)
			continue
		}
		for _, secret := range []string{password.Reveal(), basic, token.Reveal()} {
			if r.Basic == nil != (secret == token.Reveal()) {
				continue // It was not sent with this one.
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%q shows %q", err.Error(), secret)
			}
		}
	}
}

func TestErrorsShowNoSecretAndNoQuery(t *testing.T) {
	c, url := serve(t, reply(500, "text/plain", "no"))
	dead := httptest.NewTLSServer(nil)
	dead.Close()
	for name, base := range map[string]string{
		"a status": url, "nobody there": dead.URL, "no such scheme": "gopher://127.0.0.1", "no URL": "https://127.0.0.1:port",
	} {
		for _, r := range []wire.Request{
			{Method: http.MethodGet, URL: base + "/p?continue=hush-query", Bearer: held(base, token)},
			{Method: http.MethodPost, URL: base + "/p?continue=hush-query", Basic: &wire.Basic{User: "ada", Password: held(base, password)}},
		} {
			_, err := c.Do(t.Context(), r)
			if err == nil {
				t.Fatalf("%s: no error", name)
			}
			for _, secret := range []string{password.Reveal(), token.Reveal(), "YWRhOnBhc3Mtd29yZC03", "hush-query"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%s: %q shows %q", name, err.Error(), secret)
				}
			}
		}
	}
}

func TestNobodyThere(t *testing.T) {
	dead := httptest.NewTLSServer(nil)
	dead.Close()
	failed := fails(t, client(t, trust.Insecure), get(dead.URL), wire.ErrUnreachable)
	if failed.Message != "connection refused" || failed.Status != 0 {
		t.Errorf("got %+v", failed)
	}
}

func TestAReplyThatBreaksOff(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"before the header": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"in the body": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, `{"half":`)
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
	} {
		c, url := serve(t, handler)
		if failed := fails(t, c, get(url), wire.ErrUnreachable); !strings.Contains(failed.Message, "closed before the reply was complete") {
			t.Errorf("%s: %q", name, failed.Message)
		}
	}
}

func TestAServerWithoutTLS(t *testing.T) {
	plain := httptest.NewServer(reply(200, "text/plain", ""))
	t.Cleanup(plain.Close)
	url := strings.Replace(plain.URL, "http:", "https:", 1)
	if failed := fails(t, client(t, trust.Insecure), get(url), wire.ErrUnreachable); failed.Message != "the server does not speak TLS on this port" {
		t.Errorf("got %q", failed.Message)
	}
}

func TestAServerOfAnOldTLS(t *testing.T) {
	old := httptest.NewUnstartedServer(reply(200, "text/plain", ""))
	old.Config.ErrorLog = quiet()
	old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	old.StartTLS()
	t.Cleanup(old.Close)
	if failed := fails(t, client(t, trust.Insecure), get(old.URL), wire.ErrUnreachable); !strings.Contains(strings.ToLower(failed.Message), "tls") {
		t.Errorf("got %q", failed.Message)
	}
}

func TestACertificateThatIsNotTrusted(t *testing.T) {
	server := httptest.NewUnstartedServer(reply(200, "text/plain", ""))
	server.Config.ErrorLog = quiet()
	server.StartTLS()
	t.Cleanup(server.Close)
	_, err := client(t, trust.System).Do(t.Context(), get(server.URL+"/p?continue=hush"))
	var untrusted *trust.UntrustedError
	if !errors.As(err, &untrusted) || untrusted.Host != server.Listener.Addr().String() || strings.Contains(err.Error(), "hush") {
		t.Errorf("got %v, want an *UntrustedError of the host", err)
	}
}

func TestAProxyThatIsNotThere(t *testing.T) {
	dead := httptest.NewServer(nil)
	dead.Close()
	h, err := trust.Trust{Mode: trust.Insecure}.Client(trust.Options{Proxy: proxy(dead.URL)})
	if err != nil {
		t.Fatal(err)
	}
	failed := fails(t, &wire.Client{HTTP: h}, get("https://sup.example.com/"), wire.ErrUnreachable)
	if !strings.HasPrefix(failed.Message, "connection refused (through the proxy") {
		t.Errorf("got %q", failed.Message)
	}
}

func TestAProxyThatRefuses(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	t.Cleanup(server.Close)
	h, err := trust.Trust{Mode: trust.Insecure}.Client(trust.Options{Proxy: proxy(server.URL)})
	if err != nil {
		t.Fatal(err)
	}
	failed := fails(t, &wire.Client{HTTP: h}, get("https://sup.example.com/"), wire.ErrUnreachable)
	if !strings.HasPrefix(failed.Message, "the proxy 127.0.0.1:") || !strings.Contains(failed.Message, "does not connect: 403 Forbidden") {
		t.Errorf("got %q", failed.Message)
	}
}

func TestNoSuchHost(t *testing.T) {
	c := &wire.Client{HTTP: &http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "sup.example.com", IsNotFound: true}}
		},
	}}}
	if failed := fails(t, c, get("https://sup.example.com/"), wire.ErrUnreachable); failed.Message != `no such host: "sup.example.com"` {
		t.Errorf("got %q", failed.Message)
	}
}

// stuck is a server that takes every request and finishes no reply before the test is over. It must not watch for the
// client to go away: a handler that returns then ends the body as if it were whole.
func stuck(t *testing.T, header bool) (url string, arrived chan struct{}) {
	t.Helper()
	arrived = make(chan struct{}, 1)
	over := make(chan struct{})
	_, url = serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if header {
			io.WriteString(w, "{")
			w.(http.Flusher).Flush()
		}
		arrived <- struct{}{}
		<-over
	})
	t.Cleanup(func() { close(over) }) // before the server is closed, which waits for the handler
	return url, arrived
}

func TestCancellationEndsAnExchange(t *testing.T) {
	for name, header := range map[string]bool{"before the header": false, "in the body": true} {
		url, arrived := stuck(t, header)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-arrived; cancel() }()
		_, err := client(t, trust.Insecure).Do(ctx, get(url+"/p?continue=hush"))
		if !errors.Is(err, context.Canceled) || errors.Is(err, wire.ErrUnreachable) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: got %v, want context.Canceled and no word about the server", name, err)
		}
	}
}

func TestATimeoutIsTheServersFault(t *testing.T) {
	for name, header := range map[string]bool{"before the header": false, "in the body": true} {
		url, _ := stuck(t, header)
		c := client(t, trust.Insecure)
		c.Timeout = 300 * time.Millisecond // The server never answers, so that only the message tells of it.
		if failed := fails(t, c, get(url), wire.ErrUnreachable); failed.Message != "no answer within 300ms" {
			t.Errorf("%s: %q", name, failed.Message)
		}
	}
}

// TestAReplyThatEndsBecauseWeLeftIsNone has no network: there it is a matter of luck who sees the other leave first.
func TestAReplyThatEndsBecauseWeLeftIsNone(t *testing.T) {
	c := &wire.Client{HTTP: &http.Client{Transport: farewell{}}, Timeout: time.Millisecond}
	if failed := fails(t, c, get("https://sup/"), wire.ErrUnreachable); failed.Message != "no answer within 1ms" {
		t.Errorf("got %q", failed.Message)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c.Timeout = 0
	if body, err := c.Do(ctx, get("https://sup/")); !errors.Is(err, context.Canceled) || body != nil {
		t.Errorf("got %q, %v; want context.Canceled", body, err)
	}
}

func TestDecodeJSONSaysWhatCameInstead(t *testing.T) {
	type shape struct{ Count int }
	for name, tc := range map[string]struct{ body, want string }{
		"HTML":            {"\n<html>", "a page of HTML where JSON belongs"},
		"nothing":         {" ", "empty where JSON belongs"},
		"truncated":       {`{"count":1`, "JSON that ends too early"},
		"truncated twice": {`{"count":`, "JSON that ends too early"},
		"text":            {"hello", "not JSON"},
		"another type":    {`{"count":"many"}`, "JSON of another shape than expected, at Count"},
		"a list":          {`[]`, "JSON of another shape than expected"},
	} {
		var out shape
		err := wire.DecodeJSON(http.MethodGet, "https://sup/p?continue=hush", []byte(tc.body), &out)
		if !errors.Is(err, wire.ErrServer) || !strings.EqualFold(err.Error(), "GET https://sup/p: the reply is "+tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
	var out shape
	if err := wire.DecodeJSON(http.MethodGet, "https://sup/", []byte(`{"count":3,"new":{}}`), &out); err != nil || out.Count != 3 {
		t.Error(cmp.Diff(shape{3}, out), err)
	}
}

func TestErrorUnwrapsToKindAndCause(t *testing.T) {
	cause := errors.New("cause")
	if err := error(&wire.Error{Kind: wire.ErrServer, Err: cause}); !errors.Is(err, wire.ErrServer) || !errors.Is(err, cause) {
		t.Error("one of them is lost")
	}
}

// A library that parses replies itself gets none beyond the bounds, and the sentence says why.
func TestChecked(t *testing.T) {
	for name, tc := range map[string]struct{ body, want string }{
		"a reply":  {`{"a":[1,2]}`, ""},
		"no JSON":  {"a=b&c=d", ""},
		"deep":     {strings.Repeat("[", 65), "the reply is nested deeper than 64 levels"},
		"too long": {strings.Repeat("a", wire.MaxBody+1), "the reply is larger than 4 MiB"},
	} {
		c, url := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, tc.body) })
		permit, err := held(url, "x").Permit(url, disclose.Over{Verified: true})
		if err != nil {
			t.Fatal(err)
		}
		c.HTTP.Transport = wire.Checked{Next: c.HTTP.Transport, Permit: permit}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"?code=hush", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.HTTP.Do(req)
		if tc.want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if got, err := io.ReadAll(resp.Body); err != nil || string(got) != tc.body {
				t.Errorf("%s: %q %v", name, got, err)
			}
			_ = resp.Body.Close()
			continue
		}
		err = wire.Request{Method: http.MethodGet, URL: url}.NetworkError(t.Context(), err, time.Second)
		if !errors.Is(err, wire.ErrServer) || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDecodeJSONIsBounded(t *testing.T) {
	var out any
	err := wire.DecodeJSON(http.MethodGet, "https://sup/p", []byte(strings.Repeat("[", 65)+strings.Repeat("]", 65)), &out)
	if !errors.Is(err, wire.ErrServer) || !strings.Contains(err.Error(), "the reply is nested deeper than 64 levels") || out != nil {
		t.Errorf("%v, %v", err, out)
	}
}
