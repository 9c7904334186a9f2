package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

// An issuer with an odd interval crashes nothing, and an outage while we wait is no end.
func TestDevice(t *testing.T) {
	asked := 0
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/device" {
			_ = json.NewEncoder(w).Encode(map[string]any{
				"device_code": "d", "user_code": "ABCD-EFGH", "verification_uri": "https://x.example/", "expires_in": 60, "interval": -1,
			})
			return
		}
		if asked++; asked == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":"access_denied"}`)
	}))
	t.Cleanup(server.Close)
	c := &Client{Wire: &wire.Client{HTTP: server.Client()}, Now: time.Now, Session: Session{Client: "cli", Plain: true}}
	c.Provider.Device, c.Provider.Token = server.URL+"/device", server.URL+"/token"
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := c.Device(ctx, func(d DeviceCode) error {
		if d.Code != "ABCD-EFGH" {
			t.Errorf("%+v", d)
		}
		return nil
	})
	if !errors.Is(err, wire.ErrRefused) || asked != 2 {
		t.Errorf("%v after %d questions", err, asked)
	}
}

// device is a client of an issuer whose device endpoint gives an answer, and whose token endpoint knows no code any more.
func device(t *testing.T, a answer, text string) (c *Client, form *url.Values) {
	t.Helper()
	form = &url.Values{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			write(w, 400, map[string]any{"error": "expired_token"})
			return
		}
		_ = r.ParseForm()
		*form = r.PostForm
		if a.body != nil {
			write(w, a.status, a.body)
			return
		}
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(server.Close)
	c = &Client{Wire: &wire.Client{HTTP: server.Client()}, Now: time.Now, Session: Session{Client: "cli", Plain: true, Params: map[string]string{"audience": "api"}}}
	c.Provider.Device, c.Provider.Token = server.URL+"/device", server.URL+"/token"
	return c, form
}

// Whatever an issuer answers instead of a code is an error in one line, and nobody is shown anything.
func TestDeviceAnswers(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		text   string
		want   string
	}{
		"null":              {200, `null`, "no device code"},
		"nothing in it":     {200, `{}`, "no device code"},
		"a list":            {200, `[]`, "another shape"},
		"a page":            {200, `<html>`, "HTML where JSON belongs"},
		"too much":          {200, strings.Repeat(" ", 5<<20), "larger than 4 MiB"},
		"a word for a time": {200, `{"device_code":"d","user_code":"A","verification_uri":"https://x.example","expires_in":"soon"}`, "at expires_in"},
		"http":              {200, `{"device_code":"d","user_code":"A","verification_uri":"http://x.example"}`, "is not https"},
		"a long address":    {200, `{"device_code":"d","user_code":"A","verification_uri":"https://x.example/` + strings.Repeat("x", maxShown) + `"}`, "too long"},
		"bells":             {200, `{"device_code":"d","user_code":"A\u0007","verification_uri":"https://x.example"}`, "cannot be shown"},
		"a refusal":         {401, `{"error":"invalid_client","error_description":"Who?"}`, "Who? (invalid_client)"},
		"an outage":         {503, `<html>`, "the status 503 and no reason"},
	} {
		c, _ := device(t, answer{status: tc.status}, tc.text)
		_, err := c.Device(t.Context(), func(d DeviceCode) error { t.Errorf("%s: %+v", name, d); return nil })
		if !errors.Is(err, wire.ErrServer) || !strings.Contains(err.Error(), tc.want) || !strings.HasPrefix(err.Error(), "POST "+c.Provider.Device+": ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is odd in an answer that holds a code is mended: the person can log in all the same.
func TestDeviceCodes(t *testing.T) {
	whole := func(more map[string]any) answer {
		body := map[string]any{"device_code": "d", "user_code": "ABCD", "verification_uri": "https://x.example/", "expires_in": 60, "interval": 1}
		for name, value := range more {
			body[name] = value
		}
		return answer{200, body}
	}
	const complete = "https://x.example/?user_code=ABCD"
	for name, tc := range map[string]struct {
		more     map[string]any
		complete string
		seconds  int
	}{
		"as it should be":       {map[string]any{"verification_uri_complete": complete}, complete, 60},
		"Google's":              {map[string]any{"verification_uri": nil, "verification_url": "https://x.example/"}, "", 60},
		"complete over http":    {map[string]any{"verification_uri_complete": "http://x.example/?user_code=ABCD"}, "", 60},
		"complete elsewhere":    {map[string]any{"verification_uri_complete": "https://evil.example/?user_code=ABCD"}, "", 60},
		"complete with a shell": {map[string]any{"verification_uri_complete": complete + "&x=$(touch x)"}, "", 60},
		"complete with bells":   {map[string]any{"verification_uri_complete": complete + "\a"}, "", 60},
		"it has ended":          {map[string]any{"expires_in": -5}, "", maxDevice},
		"it never ends":         {map[string]any{"expires_in": int64(1) << 62}, "", maxDevice},
		"no end":                {map[string]any{"expires_in": nil}, "", maxDevice},
	} {
		c, form := device(t, whole(tc.more), "")
		ctx, cancel := context.WithCancel(t.Context())
		shown := DeviceCode{}
		_, err := c.Device(ctx, func(d DeviceCode) error { shown = d; cancel(); return nil })
		until := time.Until(shown.Until)
		shown.Until = time.Time{}
		if want := (DeviceCode{URL: "https://x.example/", Code: "ABCD", Complete: tc.complete}); !errors.Is(err, context.Canceled) || shown != want {
			t.Errorf("%s: %+v %v", name, shown, err)
		}
		if most := time.Duration(tc.seconds) * time.Second; until > most || until < most-time.Minute/2 {
			t.Errorf("%s: good for %s", name, until)
		}
		if diff := cmp.Diff(url.Values{"client_id": {"cli"}, "scope": {"offline_access openid"}, "audience": {"api"}}, *form); diff != "" {
			t.Error(diff)
		}
	}
	c, _ := device(t, whole(nil), "")
	if _, err := c.Device(t.Context(), func(DeviceCode) error { return nil }); !errors.Is(err, errNotTyped) {
		t.Errorf("a code that ended: %v", err)
	}
}
