package consoletest

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest/objecttest"
)

// Federate gives the Supervisor a Pinniped: at /wcp/pinniped of its own, or at another server (HOST or HOST:PORT).
func (s *Supervisor) Federate(host string, providers ...Provider) *Issuer {
	s.w.t.Helper()
	address := "https://" + s.Host + "/wcp/pinniped"
	if host != "" {
		address = "https://" + host + "/wcp/pinniped"
	}
	i := s.w.issuer(address)
	i.Client, i.Providers = "pinniped-cli", providers
	if host != "" {
		if _, _, err := net.SplitHostPort(host); err != nil {
			host += ":443"
		}
		s.w.Serve(host, s.w.CA, i)
	}
	s.pinniped = i
	s.Identity = map[string]string{"issuer": address, "issuer_ca_bundle_data": base64.StdEncoding.EncodeToString([]byte(s.w.CA.PEM))}
	for _, ns := range s.Namespaces {
		for _, c := range ns.Clusters {
			c.Trust(i)
		}
	}
	return i
}

// Trust has the Concierge of the cluster believe an issuer.
func (c *Cluster) Trust(i *Issuer) {
	c.Concierge = func(w http.ResponseWriter, r *http.Request) { i.concierge(w, r, c.Name+"-"+c.UID, c.CA) }
}

// Concierge is a Concierge of a Supervisor at a server of its own.
type Concierge struct {
	mu       sync.Mutex
	requests int
	answer   http.HandlerFunc
}

// Concierge serves the Supervisor's Concierge at another server (HOST:PORT), which shows a certificate of a CA. The Supervisor has a Pinniped.
func (s *Supervisor) Concierge(server string, ca *CA) *Concierge {
	s.w.t.Helper()
	c := &Concierge{answer: func(w http.ResponseWriter, r *http.Request) { s.pinniped.concierge(w, r, s.pinniped.URL, s.CA) }}
	s.w.Serve(server, ca, c)
	s.Identity["concierge_endpoint"] = "https://" + server
	return c
}

// ServeHTTP counts a request and answers it.
func (c *Concierge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	c.answer(w, r)
}

// Count is how many requests there were.
func (c *Concierge) Count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.requests
}

// certificateLife is how long a client certificate of a Concierge is good.
const certificateLife = 5 * time.Minute

// concierge exchanges a token of the issuer for a client certificate (TokenCredentialRequest).
func (i *Issuer) concierge(w http.ResponseWriter, r *http.Request, audience string, ca *CA) {
	var request struct {
		Spec struct {
			Token string `json:"token"`
		} `json:"spec"`
	}
	text, _ := io.ReadAll(r.Body)
	if err := json.Unmarshal(text, &request); err != nil || r.Header.Get("Authorization") != "" {
		i.w.t.Errorf("a wrong TokenCredentialRequest: %v", err)
	}
	status := map[string]any{"message": "authentication failed"}
	if user := i.user(request.Spec.Token, audience); user != "" {
		until := i.w.Now().Add(certificateLife)
		certificate, key := ca.client(user, until)
		status = map[string]any{"credential": map[string]string{
			"expirationTimestamp": until.UTC().Format(time.RFC3339), "clientCertificateData": certificate, "clientKeyData": key,
		}}
	}
	w.Header().Set("Date", i.w.Now().UTC().Format(http.TimeFormat)) // Else a clock that a test has moved counts as wrong.
	objecttest.WriteJSON(w, http.StatusCreated, map[string]any{"status": status})
}

// page finds the address of the issuer's page on a screen.
var page = regexp.MustCompile(`https://\S+/authorize\?\S+`)

// Paste is a person who logs in at the issuer's page, on another machine, and pastes the address that the browser stops at.
func (i *Issuer) Paste(user string) func(screen string) string {
	return func(screen string) string {
		i.w.t.Helper()
		r, err := http.NewRequest(http.MethodGet, page.FindString(screen), nil)
		if err != nil {
			i.w.t.Error(err)
			return ""
		}
		r.SetBasicAuth(user, i.Users[user])
		r.Header.Set("User-Agent", testAgent)
		h := &http.Client{
			Transport:     &http.Transport{DialContext: i.w.dial, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
		resp, err := h.Do(r)
		if err != nil {
			i.w.t.Error(err)
			return ""
		}
		_ = resp.Body.Close()
		return resp.Header.Get("Location")
	}
}

// Browser is a person whose browser logs in and comes back to the address where the program listens. Nothing is typed but Enter.
func (i *Issuer) Browser(user string) func(screen string) string {
	paste := i.Paste(user)
	return func(screen string) string {
		back := paste(screen)
		if u, err := url.Parse(back); err != nil || !strings.HasPrefix(u.Host, "127.0.0.1:") {
			i.w.t.Errorf("the browser is sent to %s", back)
			return ""
		}
		go func() {
			h := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			if resp, err := h.Get(back); err == nil {
				_ = resp.Body.Close()
			}
		}()
		return ""
	}
}
