// Package player plays a person with a browser, so that scripts can finish a login.
package player

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
)

// Browse opens a URL in a browser that has cookies and no JavaScript: it follows redirects, fills in the login form of the
// FederationDomain or of Dex, and goes on until a page has no form. It returns that page's text, which is the client's own when all
// went well. A form that is shown again means that the password was refused.
func Browse(ctx context.Context, transport http.RoundTripper, startURL, username, password string) (string, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", err
	}
	b := &browser{ctx, &http.Client{Transport: transport, Jar: jar}}
	resp, err := b.send(http.MethodGet, startURL, nil)
	for last := ""; ; {
		if err != nil {
			return "", err
		}
		text, readErr := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if readErr != nil || resp.StatusCode != http.StatusOK {
			return string(text), errors.Join(fmt.Errorf("%s: %s", resp.Request.URL.Path, resp.Status), readErr)
		}
		to, form := fillIn(string(text), username, password)
		if form == nil {
			return string(text), nil
		}
		target, parseErr := resp.Request.URL.Parse(to)
		if parseErr != nil || target.Path == last {
			return string(text), errors.Join(fmt.Errorf("%s shows its form again", last), parseErr)
		}
		last = target.Path
		resp, err = b.send(http.MethodPost, target.String(), form)
	}
}

type browser struct {
	ctx    context.Context
	client *http.Client
}

func (b *browser) send(method, to string, form url.Values) (*http.Response, error) {
	req, err := http.NewRequestWithContext(b.ctx, method, to, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return b.client.Do(req)
}

var (
	formTag   = regexp.MustCompile(`(?s)<form([^>]*)>(.*?)</form>`)
	inputTag  = regexp.MustCompile(`<input([^>]*)>`)
	attribute = regexp.MustCompile(`([\w-]+)="([^"]*)"`)
)

// fillIn finds the form of a page that is to be sent. Hidden fields keep their values.
func fillIn(page, username, password string) (to string, form url.Values) {
	found := formTag.FindStringSubmatch(page)
	if found == nil || !strings.EqualFold(attributes(found[1])["method"], "post") {
		return "", nil
	}
	form = url.Values{}
	for _, input := range inputTag.FindAllStringSubmatch(found[2], -1) {
		one := attributes(input[1])
		switch one["name"] {
		case "login", "username":
			form.Set(one["name"], username)
		case "password":
			form.Set("password", password)
		default:
			form.Set(one["name"], one["value"])
		}
	}
	return attributes(found[1])["action"], form
}

func attributes(tag string) map[string]string {
	all := map[string]string{}
	for _, a := range attribute.FindAllStringSubmatch(tag, -1) {
		all[a[1]] = html.UnescapeString(a[2])
	}
	return all
}
