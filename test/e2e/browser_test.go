package e2e

import (
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// browse plays a person with a browser that has cookies and no JavaScript: it opens startURL, follows redirects, fills in the login
// form of the FederationDomain or of Dex, and follows on until a page has no form. It returns that page's text, which is the
// client's own when all went well. A form that is shown again means that the password was refused.
func browse(t *testing.T, startURL, username, password string) (string, error) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", err
	}
	browser := &http.Client{Transport: labTransport(t), Jar: jar}
	resp, err := browser.Get(startURL)
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
		resp, err = browser.PostForm(target.String(), form)
	}
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
