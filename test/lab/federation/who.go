package federation

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxForm is far more than a client sends.
const maxForm = 1 << 16

// Who returns the user whom a request names: in the password's header, in the form of the login page, or by a code or token of a
// session, also an old one. Otherwise it returns "". It puts the body back.
func (s *Service) Who(r *http.Request) string {
	if !strings.HasPrefix("https://"+r.Host+r.URL.Path, s.Issuer+"/") {
		return ""
	}
	if name := r.Header.Get("Pinniped-Username"); name != "" {
		return name
	}
	if r.Method != http.MethodPost {
		return ""
	}
	body, _ := io.ReadAll(io.LimitReader(r.Body, maxForm))
	r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), r.Body))
	form, _ := url.ParseQuery(string(body))
	if name := form.Get("username"); name != "" {
		return name
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range []string{"code", "refresh_token", "subject_token"} {
		value := form.Get(name)
		if one := s.find(func(one *session) bool { return slices.Contains(one.past, value) }); value != "" && one != nil {
			return one.user.Username
		}
	}
	return ""
}
