package federation

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// choosePage is what a browser is shown when the client named no provider and there are several (section 2.1). Each link is the
// request again, with a name.
func (s *Service) choosePage(w http.ResponseWriter, r *http.Request) {
	form := r.URL.Query()
	if req, problem := s.check(form, http.Header{}); req.redirect == nil || problem != "" {
		badRequest(w, problem)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprint(w, "<!DOCTYPE html><html><head><title>Choose Identity Provider</title></head><body><p>Select a method to log in.</p>\n<ul>\n")
	for _, u := range s.sorted() {
		form.Set("pinniped_idp_name", u.Name)
		_, _ = fmt.Fprintf(w, "<li><a href=\"%s\">%s</a></li>\n", html.EscapeString(s.Issuer+"/oauth2/authorize?"+form.Encode()), html.EscapeString(u.Name))
	}
	_, _ = fmt.Fprint(w, "</ul></body></html>\n")
}

// sorted is the order in which providers are listed.
func (s *Service) sorted() []Upstream {
	return slices.SortedFunc(slices.Values(s.Upstreams), func(a, b Upstream) int { return strings.Compare(a.Name, b.Name) })
}

func (s *Service) chooseURL(form url.Values) string {
	return s.Issuer + "/choose_identity_provider?" + form.Encode()
}
