package fault

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMatch(t *testing.T) {
	request := Request{Server: "10.0.0.1", Method: http.MethodPost, Endpoint: "/wcp/login", User: "Dev@vsphere.local", Cluster: "ns1/tkc1"}
	tests := []struct {
		name  string
		fault Fault
		want  bool
	}{
		{"all requests", Fault{}, true},
		{"the server", Fault{Server: "10.0.0.1"}, true},
		{"another server", Fault{Server: "10.0.0.10"}, false},
		{"the endpoint", Fault{Endpoint: "/wcp/login"}, true},
		{"the beginning of the endpoint", Fault{Endpoint: "/wcp"}, true},
		{"the beginning with a slash", Fault{Endpoint: "/wcp/"}, true},
		{"half a name of the path", Fault{Endpoint: "/wcp/log"}, false},
		{"more than the endpoint", Fault{Endpoint: "/wcp/login/x"}, false},
		{"the user in another case", Fault{User: "dev@VSPHERE.local"}, true},
		{"the user, spelled in another way", Fault{User: `VSPHERE.LOCAL\dev`}, true},
		{"another user", Fault{User: "ops@vsphere.local"}, false},
		{"the cluster", Fault{Cluster: "ns1/tkc1"}, true},
		{"the cluster without its namespace", Fault{Cluster: "tkc1"}, true},
		{"the end of the cluster's name", Fault{Cluster: "kc1"}, false},
		{"the cluster of another namespace", Fault{Cluster: "ns2/tkc1"}, false},
		{"all but one", Fault{Server: "10.0.0.1", Endpoint: "/wcp", User: "ops@vsphere.local"}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var s Set
			test.fault.Status = http.StatusTeapot // so that a found fault differs from none
			s.Add(test.fault)
			if got := s.Match(request).Status != 0; got != test.want {
				t.Errorf("found: %t, want %t", got, test.want)
			}
		})
	}
}

func TestCount(t *testing.T) {
	var s Set
	s.Add(Fault{Endpoint: "/wcp", Status: 500, Count: 2})
	s.Add(Fault{Status: 502})
	want := []struct {
		endpoint string
		status   int
	}{{"/wcp/login", 500}, {"/api", 502}, {"/wcp/login", 500}, {"/wcp/login", 502}, {"/wcp/login", 502}}
	for i, w := range want {
		if got := s.Match(Request{Endpoint: w.endpoint}).Status; got != w.status {
			t.Errorf("request %d: fault %d, want %d", i, got, w.status)
		}
	}
}

func TestRemove(t *testing.T) {
	var s Set
	first, second := s.Add(Fault{Status: 500}), s.Add(Fault{Status: 502})
	if first == second {
		t.Fatalf("two faults have the ID %q", first)
	}
	s.Remove("no such ID")
	s.Remove(first)
	if got := s.Match(Request{}).Status; got != 502 {
		t.Errorf("fault %d is left, want 502", got)
	}
	s.Add(Fault{Status: 500})
	s.Remove("")
	if got := s.Match(Request{}).Status; got != 0 {
		t.Errorf("fault %d is left, want none", got)
	}
}

func TestDurationJSON(t *testing.T) {
	var f Fault
	if err := json.Unmarshal([]byte(`{"delay":"50ms","tokenLifetime":"1h"}`), &f); err != nil {
		t.Fatal(err)
	}
	if time.Duration(f.Delay) != 50*time.Millisecond || time.Duration(f.TokenLifetime) != time.Hour {
		t.Errorf("read %v and %v", time.Duration(f.Delay), time.Duration(f.TokenLifetime))
	}
	if text, err := json.Marshal(f.Delay); err != nil || string(text) != `"50ms"` {
		t.Errorf("wrote %s, %v", text, err)
	}
	for _, text := range []string{`{"delay":50}`, `{"delay":"soon"}`} {
		if err := json.Unmarshal([]byte(text), &f); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}

// The request is carried out, and its answer is another one, or comes late.
func TestAfter(t *testing.T) {
	for name, tc := range map[string]struct {
		fault  Fault
		status int // 0: no answer
		text   string
	}{
		"a page":         {Fault{Status: http.StatusGatewayTimeout, Body: new(string)}, http.StatusGatewayTimeout, ""},
		"no answer":      {Fault{Drop: true}, 0, ""},
		"its own answer": {Fault{Delay: Duration(time.Millisecond)}, http.StatusUnauthorized, body},
		"half of it":     {Fault{DropAfter: 3}, http.StatusUnauthorized, body[:3]},
	} {
		t.Run(name, func(t *testing.T) {
			var s Set
			carried := 0
			server := httptest.NewServer(s.Middleware(func(*http.Request) string { return "10.0.0.1" }, http.HandlerFunc(
				func(w http.ResponseWriter, _ *http.Request) {
					carried++
					w.WriteHeader(http.StatusUnauthorized)
					_, _ = io.WriteString(w, body)
				})))
			defer server.Close()
			tc.fault.After = true
			s.Add(tc.fault)
			status, text := 0, ""
			if resp, err := http.Get(server.URL); err == nil {
				read, _ := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				status, text = resp.StatusCode, string(read)
			}
			if carried != 1 || status != tc.status || text != tc.text {
				t.Errorf("carried out %d times, answered with %d %q", carried, status, text)
			}
		})
	}
}

// body is what the server says when nothing goes wrong.
const body = `{"session_id":"0123456789"}`

// serve opens a server that echoes a posted body, and otherwise says body.
func serve(t *testing.T, s *Set) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(s.Middleware(func(*http.Request) string { return "10.0.0.1" }, http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if posted, _ := io.ReadAll(r.Body); len(posted) != 0 {
				_, _ = w.Write(posted)
				return
			}
			_, _ = io.WriteString(w, body)
		})))
	t.Cleanup(server.Close)
	return server
}

// reply is what a client sees of a response; length is the announced one.
type reply struct {
	status int
	header http.Header
	length int64
	text   string
}

// get asks the server for a path; err is that of the request or of reading the body.
func get(t *testing.T, url string) (reply, error) {
	t.Helper()
	// A connection of its own: a client asks again when an old one breaks.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	resp, err := client.Get(url)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, resp.ContentLength, string(text)}, err
}

func TestReplies(t *testing.T) {
	text := "text"
	empty := ""
	tests := []struct {
		name   string
		fault  Fault
		status int
		body   string // how it begins
		length int
	}{
		{"none", Fault{}, 200, body, len(body)},
		{"status", Fault{Status: 502}, 502, "<html>\r\n<head><title>502 Bad Gateway</title>", -1},
		{"garble", Fault{Garble: true}, 200, "<html>", -1},
		{"body", Fault{Body: &text}, 200, text, len(text)},
		{"status and body", Fault{Status: 401, Body: &text}, 401, text, len(text)},
		{"empty body", Fault{Body: &empty}, 200, "", 0},
		{"bytes", Fault{Bytes: 100000}, 200, `{"padding":"xxx`, 100000 + len(`{"padding":""}`)},
		{"truncate", Fault{Truncate: true}, 200, body[:len(body)/2], len(body) / 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var s Set
			s.Add(test.fault)
			got, err := get(t, serve(t, &s).URL)
			if err != nil {
				t.Fatal(err)
			}
			if got.status != test.status || !strings.HasPrefix(got.text, test.body) || test.length >= 0 && len(got.text) != test.length {
				t.Errorf("got %d and %d bytes: %.60q", got.status, len(got.text), got.text)
			}
			if log := s.Log(""); len(log) != 1 || log[0].Status != test.status {
				t.Errorf("the log is %+v", log)
			}
		})
	}
}

func TestHeader(t *testing.T) {
	var s Set
	s.Add(Fault{Status: 429, Header: map[string]string{"Retry-After": "7"}})
	got, err := get(t, serve(t, &s).URL)
	if err != nil {
		t.Fatal(err)
	}
	if after := got.header.Get("Retry-After"); after != "7" {
		t.Errorf("Retry-After is %q", after)
	}
}

func TestDrop(t *testing.T) {
	var s Set
	s.Add(Fault{Drop: true})
	if got, err := get(t, serve(t, &s).URL); err == nil {
		t.Errorf("the reply is %+v", got)
	}
	if log := s.Log(""); len(log) != 1 || log[0].Status != 0 {
		t.Errorf("the log is %+v", log)
	}
}

func TestDropAfter(t *testing.T) {
	var s Set
	s.Add(Fault{DropAfter: 5})
	got, err := get(t, serve(t, &s).URL)
	if err == nil {
		t.Fatalf("the whole reply: %+v", got)
	}
	if got.text != body[:5] || got.length != int64(len(body)) {
		t.Errorf("got %+v", got)
	}
}

func TestDelay(t *testing.T) {
	const delay = 50 * time.Millisecond
	var s Set
	s.Add(Fault{Delay: Duration(delay)})
	start := time.Now()
	got, err := get(t, serve(t, &s).URL)
	if err != nil || got.text != body {
		t.Fatalf("got %+v, %v", got, err)
	}
	if took := time.Since(start); took < delay {
		t.Errorf("the reply took %s", took)
	}
}

func TestFrom(t *testing.T) {
	var s Set
	s.Add(Fault{Endpoint: "/wcp", WrongCA: true})
	var seen Fault
	handler := s.Middleware(func(*http.Request) string { return "" }, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen = From(r.Context())
	}))
	for path, want := range map[string]bool{"/wcp/login": true, "/api": false} {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
		if seen.WrongCA != want {
			t.Errorf("%s: the handler sees %+v", path, seen)
		}
	}
}

func TestLog(t *testing.T) {
	var s Set
	url := serve(t, &s).URL
	const login = `{"guest_cluster_name":"tkc1","guest_cluster_namespace":"ns1"}`
	token := "x." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"ops@vsphere.local"}`)) + ".x"
	for _, r := range []struct {
		path, body string
		sign       func(*http.Request)
	}{
		{"/wcp/login", login, func(r *http.Request) { r.SetBasicAuth("Dev@vsphere.local", "VMware1!") }},
		{"/api/v1/pods", "", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }},
		{"/wcp/loginbanner", "", func(*http.Request) {}},
	} {
		req, err := http.NewRequest(http.MethodPost, url+r.path, strings.NewReader(r.body))
		if err != nil {
			t.Fatal(err)
		}
		r.sign(req)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if r.body != "" && string(got) != r.body {
			t.Errorf("%s: the handler read %q", r.path, got)
		}
	}
	want := []Request{
		{"10.0.0.1", "POST", "/wcp/login", "Dev@vsphere.local", "ns1/tkc1", 200},
		{"10.0.0.1", "POST", "/api/v1/pods", "ops@vsphere.local", "", 200},
		{"10.0.0.1", "POST", "/wcp/loginbanner", "", "", 200},
	}
	if got := s.Log(""); !slices.Equal(got, want) {
		t.Errorf("the log is %+v, not %+v", got, want)
	}
	if got := s.Log("dev@VSPHERE.local"); len(got) != 1 || got[0] != want[0] {
		t.Errorf("the user's log is %+v", got)
	}
	s.ClearLog("dev@vsphere.local")
	if got := s.Log(""); len(got) != 2 || got[0] != want[1] {
		t.Errorf("without the user, the log is %+v", got)
	}
	s.ClearLog("")
	if got := s.Log(""); len(got) != 0 {
		t.Errorf("the cleared log is %+v", got)
	}
}

func TestMaxInFlight(t *testing.T) {
	var s Set
	requests := []*Request{{User: "dev@vsphere.local"}, {User: "Dev@vsphere.local"}, {User: "ops@vsphere.local"}, {}}
	for _, r := range requests {
		s.enter(r)
	}
	if got := len(s.InFlight()); got != 4 {
		t.Errorf("%d requests are under way", got)
	}
	for _, r := range requests {
		s.leave(r, 200)
	}
	if got := len(s.InFlight()); got != 0 {
		t.Errorf("%d requests are under way still", got)
	}
	s.enter(&Request{User: "dev@vsphere.local"}) // The greatest numbers stay.
	for user, want := range map[string]int{"": 4, "DEV@vsphere.local": 2, "ops@vsphere.local": 1, "stranger": 0} {
		if got := s.MaxInFlight(user); got != want {
			t.Errorf("%q had %d at once, want %d", user, got, want)
		}
	}
	s.ResetInFlight("Dev@vsphere.local")
	if user, all := s.MaxInFlight("dev@vsphere.local"), s.MaxInFlight(""); user != 0 || all != 4 {
		t.Errorf("after the user's reset: %d, all %d", user, all)
	}
	s.ResetInFlight("")
	if got := s.MaxInFlight(""); got != 0 {
		t.Errorf("after the reset: %d", got)
	}
}

func TestMaxInFlightOfServer(t *testing.T) {
	var s Set
	s.Add(Fault{Delay: Duration(time.Hour)}) // The requests stay until their clients leave.
	server := serve(t, &s)
	ctx, leave := context.WithCancel(t.Context())
	for range 3 {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			if resp, err := server.Client().Do(req); err == nil {
				_ = resp.Body.Close()
			}
		}()
	}
	waitFor(t, func() bool { return s.MaxInFlight("") == 3 && len(s.InFlight()) == 3 })
	leave()
	waitFor(t, func() bool { return len(s.InFlight()) == 0 && len(s.Log("")) == 3 })
	if got := s.MaxInFlight(""); got != 3 {
		t.Errorf("the greatest number is %d", got)
	}
}

// waitFor waits for what a server does without telling its client.
func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain")
		}
	}
}

// A handler may know whose a request is, for faults and for the log.
func TestNamed(t *testing.T) {
	s := &Set{}
	s.Add(Fault{User: "ryan", Status: http.StatusServiceUnavailable})
	who := func(r *http.Request) string { return r.Header.Get("Who") }
	h := s.Middleware(func(*http.Request) string { return "front" }, Named{Handler: http.NotFoundHandler(), Who: who})
	for name, want := range map[string]int{"ryan": http.StatusServiceUnavailable, "other": http.StatusNotFound, "": http.StatusNotFound} {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Who", name)
		r.SetBasicAuth("basic", "")
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%q: %d", name, w.Code)
		}
	}
	if len(s.Log("ryan")) != 1 || len(s.Log("basic")) != 1 {
		t.Errorf("%v", s.Log(""))
	}
}
