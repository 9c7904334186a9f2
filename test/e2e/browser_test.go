package e2e

import (
	"errors"
	"net/http"
	"testing"
)

// browse has the lab play a person with a browser, and returns the last page. The error tells of a page that is not 200, or of a form
// that is shown again.
func browse(t *testing.T, startURL, username, password string) (string, error) {
	t.Helper()
	var out struct{ Page, Error string }
	in := map[string]string{"url": startURL, "username": username, "password": password}
	if err := adminCall(http.MethodPost, "browse", in, &out); err != nil {
		return "", err
	}
	if out.Error != "" {
		return out.Page, errors.New(out.Error)
	}
	return out.Page, nil
}
