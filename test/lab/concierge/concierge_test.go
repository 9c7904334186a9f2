package concierge

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/fault"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/federation"
	"github.com/kubectl-vsphere/kubectl-vsphere/test/lab/pki"
)

const audience = "tkc1-5f1b"

// cluster is a Concierge, the issuer that it trusts, and their clock.
type cluster struct {
	*testing.T
	issuer  *federation.Service
	ca      *pki.CA
	faults  *fault.Set
	handler http.Handler
	now     time.Time
	life    time.Duration
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{T: t, faults: &fault.Set{}, now: time.Now().UTC().Truncate(time.Second), life: DefaultLifetime}
	c.issuer = c.newIssuer()
	var err error
	if c.ca, err = pki.NewCA(pkix.Name{CommonName: "kubernetes"}); err != nil {
		t.Fatal(err)
	}
	c.handler = New(Config{
		Server: "10.0.0.9:6443", Cluster: func() string { return "ns1/tkc1" }, CA: c.ca, Faults: c.faults,
		Verify:   func(token string) (federation.User, error) { return c.issuer.Verify(token, audience) },
		Lifetime: func() time.Duration { return c.life }, Now: func() time.Time { return c.now },
	})
	return c
}

func (c *cluster) newIssuer() *federation.Service {
	c.Helper()
	s, err := federation.New(federation.Config{
		Issuer: issuer, Now: func() time.Time { return c.now },
		Upstreams: []federation.Upstream{{Name: "lab-ldap", Type: "ldap", Flows: []string{"cli_password"},
			Check: func(name, _ string) (federation.User, bool) {
				return federation.User{Username: name, Groups: []string{"devs", "ops"}}, true
			}}},
	})
	if err != nil {
		c.Fatal(err)
	}
	return s
}

// body is what the official client sends.
func body(token string) map[string]any {
	return map[string]any{
		"kind": "TokenCredentialRequest", "apiVersion": "login.concierge.pinniped.dev/v1alpha1", "metadata": map[string]any{},
		"spec": map[string]any{"token": token, "authenticator": map[string]any{
			"apiGroup": "authentication.concierge.pinniped.dev", "kind": "JWTAuthenticator", "name": "tkg-jwt-authenticator"}},
		"status": map[string]any{},
	}
}

// reply is what may come back: a TokenCredentialRequest, or a Status.
type reply struct {
	Kind       string
	APIVersion string
	Spec       struct{ Token string }
	Status     json.RawMessage
	Reason     string
	Message    string
	Code       int
}

func (c *cluster) post(path string, body any) (int, reply) {
	c.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		c.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(string(text)))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	var out reply
	if w.Code != http.StatusNotFound {
		if err := json.NewDecoder(w.Body).Decode(&out); err != nil {
			c.Fatal(err)
		}
	}
	return w.Code, out
}

// given posts a token that must be good, and reads the certificate.
func (c *cluster) given(path, token string) (*x509.Certificate, credential) {
	c.Helper()
	code, out := c.post(path, body(token))
	var st struct{ Credential *credential }
	if err := json.Unmarshal(out.Status, &st); err != nil || code != http.StatusCreated || st.Credential == nil {
		c.Fatalf("%d %s", code, out.Status)
	}
	if out.Kind != "TokenCredentialRequest" || out.APIVersion != "login.concierge.pinniped.dev/v1alpha1" || out.Spec.Token != "" {
		c.Errorf("%+v", out)
	}
	pair, err := tls.X509KeyPair([]byte(st.Credential.ClientCertificateData), []byte(st.Credential.ClientKeyData))
	if err != nil {
		c.Fatal(err)
	}
	return pair.Leaf, *st.Credential
}

func (c *cluster) switchOn(f fault.Fault) {
	id := c.faults.Add(f)
	c.Cleanup(func() { c.faults.Remove(id) })
}

// Section 2.8: a token of the cluster's audience gives PEM of a certificate for 5 minutes, backdated by 5.
func TestCredential(t *testing.T) {
	c := newCluster(t)
	cert, got := c.given(Path, exchange(t, c.issuer, audience))
	slices.Sort(cert.Subject.Organization) // It is a set.
	if cert.Subject.CommonName != "ryan" || !slices.Equal(cert.Subject.Organization, []string{"devs", "ops"}) {
		t.Errorf("it is for %v", cert.Subject)
	}
	if !cert.NotBefore.Equal(c.now.Add(-5*time.Minute)) || !cert.NotAfter.Equal(c.now.Add(5*time.Minute)) ||
		!got.ExpirationTimestamp.Time.Equal(cert.NotAfter) {
		t.Errorf("it is good from %v until %v, and said to be until %v", cert.NotBefore, cert.NotAfter, got.ExpirationTimestamp)
	}
	roots := x509.NewCertPool()
	roots.AddCert(c.ca.Cert)
	if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: c.now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		t.Error(err)
	}
	c.life = time.Hour
	if cert, _ := c.given(Path, exchange(t, c.issuer, audience)); !cert.NotAfter.Equal(c.now.Add(time.Hour)) {
		t.Errorf("it is good until %v", cert.NotAfter)
	}
}

// Section 2.8: "failure is a 201 with message, never the reason".
func TestFailuresLookAlike(t *testing.T) {
	c := newCluster(t)
	_, id := login(t, c.issuer)
	good := exchange(t, c.issuer, audience)
	parts := strings.Split(good, ".")
	set := func(name, value string) map[string]any {
		b := body(good)
		b["spec"].(map[string]any)["authenticator"].(map[string]any)[name] = value
		return b
	}
	for name, b := range map[string]map[string]any{
		"another authenticator":   set("name", "other"),
		"another kind of it":      set("kind", "WebhookAuthenticator"),
		"another group of it":     set("apiGroup", "authentication.concierge.example.com"),
		"no group of it":          set("apiGroup", ""),
		"a token of another key":  body(exchange(t, c.newIssuer(), audience)),
		"a token without its end": body(parts[0] + "." + parts[1] + "."),
		"another audience":        body(exchange(t, c.issuer, issuer)),
		"an ID token":             body(id),
		"no token at all":         body("x"),
	} {
		t.Run(name, func(t *testing.T) {
			if code, out := c.post(Path, b); code != http.StatusCreated || string(out.Status) != `{"message":"authentication failed"}` {
				t.Errorf("%d %s", code, out.Status)
			}
		})
	}
	t.Run("an expired token", func(t *testing.T) {
		c.given(Path, good)
		c.now = c.now.Add(2 * time.Minute)
		if code, out := c.post(Path, body(good)); code != http.StatusCreated || string(out.Status) != `{"message":"authentication failed"}` {
			t.Errorf("%d %s", code, out.Status)
		}
	})
}

// Section 2.8: "422 when spec.token is empty". What is no TokenCredentialRequest is 400.
func TestRequestIsStrict(t *testing.T) {
	c := newCluster(t)
	good := exchange(t, c.issuer, audience)
	with := func(name string, value any) map[string]any {
		b := maps.Clone(body(good))
		b[name] = value
		return b
	}
	for name, x := range map[string]struct {
		body   any
		code   int
		reason string
	}{
		"an empty token":    {body(""), 422, "Invalid"},
		"no spec":           {with("spec", map[string]any{}), 422, "Invalid"},
		"an unknown field":  {with("extra", 1), 400, "BadRequest"},
		"one of the spec":   {with("spec", map[string]any{"token": good, "audience": audience}), 400, "BadRequest"},
		"another kind":      {with("kind", "TokenReview"), 400, "BadRequest"},
		"another version":   {with("apiVersion", "login.concierge.pinniped.dev/v1"), 400, "BadRequest"},
		"a status":          {with("status", map[string]any{"message": "authenticated"}), 400, "BadRequest"},
		"no object":         {"text", 400, "BadRequest"},
		"two tokens in one": {with("spec", []string{good}), 400, "BadRequest"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out := c.post(Path, x.body)
			if code != x.code || out.Code != x.code || out.Kind != "Status" || out.APIVersion != "v1" || string(out.Status) != `"Failure"` || out.Reason != x.reason {
				t.Errorf("%d %+v", code, out)
			}
		})
	}
	r := httptest.NewRequest(http.MethodPost, Path, strings.NewReader("{}"))
	r.Header.Set("Content-Type", "text/plain")
	w := httptest.NewRecorder()
	if c.handler.ServeHTTP(w, r); w.Code != http.StatusBadRequest {
		t.Errorf("text: %d", w.Code)
	}
}

// Section 2.8: "404 = no Concierge or old namespaced version".
func TestScope(t *testing.T) {
	c := newCluster(t)
	good := exchange(t, c.issuer, audience)
	both := func(t *testing.T, cluster, namespaced int) {
		t.Helper()
		for path, want := range map[string]int{Path: cluster, NamespacedPath: namespaced} {
			if code, out := c.post(path, body(good)); code != want || want == 201 && !strings.Contains(string(out.Status), "clientKeyData") {
				t.Errorf("%s: %d %s, not %d", path, code, out.Status, want)
			}
		}
	}
	t.Run("of the cluster", func(t *testing.T) { both(t, 201, 404) })
	t.Run("of a namespace", func(t *testing.T) {
		id := c.faults.Add(fault.Fault{User: "ryan", ConciergeNamespaced: true})
		defer c.faults.Remove(id)
		both(t, 404, 201)
	})
	t.Run("none", func(t *testing.T) {
		id := c.faults.Add(fault.Fault{User: "ryan", ConciergeGone: true})
		defer c.faults.Remove(id)
		both(t, 404, 404)
	})
	t.Run("of another namespace", func(t *testing.T) {
		if code, _ := c.post(strings.Replace(NamespacedPath, Namespace, "default", 1), body(good)); code != 404 {
			t.Errorf("%d", code)
		}
	})
}

// Faults are for the user whom the token names, and each request is in the log.
func TestFaults(t *testing.T) {
	c := newCluster(t)
	good := exchange(t, c.issuer, audience)
	c.switchOn(fault.Fault{User: "ada", Refuse: true})
	c.switchOn(fault.Fault{User: "ryan", Cluster: "ns1/tkc1", Refuse: true, Count: 1})
	c.switchOn(fault.Fault{User: "ryan", Endpoint: "/apis/" + Group, CertLifetime: fault.Duration(7 * time.Second), Count: 1})
	c.switchOn(fault.Fault{User: "ryan", Status: 503, Count: 1})
	if code, out := c.post(Path, body(good)); code != 201 || string(out.Status) != `{"message":"authentication failed"}` {
		t.Errorf("%d %s", code, out.Status)
	}
	if cert, got := c.given(Path, good); !cert.NotAfter.Equal(c.now.Add(7*time.Second)) || !got.ExpirationTimestamp.Time.Equal(cert.NotAfter) {
		t.Errorf("it is good until %v", cert.NotAfter)
	}
	r := httptest.NewRequest(http.MethodPost, Path, strings.NewReader(`{"spec":{"token":"`+good+`"}}`))
	w := httptest.NewRecorder()
	if c.handler.ServeHTTP(w, r); w.Code != 503 {
		t.Errorf("%d", w.Code)
	}
	entry := fault.Request{Server: "10.0.0.9:6443", Method: "POST", Endpoint: "/apis/login.concierge.pinniped.dev/v1alpha1/tokencredentialrequests", User: "ryan", Cluster: "ns1/tkc1", Status: 201}
	last := entry
	last.Status = 503
	if got := c.faults.Log("ryan"); !slices.Equal(got, []fault.Request{entry, entry, last}) {
		t.Errorf("%+v", got)
	}
}

// What the API server's aggregator asks for, which is not in the log.
func TestDiscovery(t *testing.T) {
	c := newCluster(t)
	for path, want := range map[string]string{
		"/apis": `{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"login.concierge.pinniped.dev",` +
			`"versions":[{"groupVersion":"login.concierge.pinniped.dev/v1alpha1","version":"v1alpha1"}],` +
			`"preferredVersion":{"groupVersion":"login.concierge.pinniped.dev/v1alpha1","version":"v1alpha1"}},` +
			`{"name":"identity.concierge.pinniped.dev",` +
			`"versions":[{"groupVersion":"identity.concierge.pinniped.dev/v1alpha1","version":"v1alpha1"}],` +
			`"preferredVersion":{"groupVersion":"identity.concierge.pinniped.dev/v1alpha1","version":"v1alpha1"}}]}`,
		"/apis/login.concierge.pinniped.dev": `{"kind":"APIGroup","apiVersion":"v1","name":"login.concierge.pinniped.dev",` +
			`"versions":[{"groupVersion":"login.concierge.pinniped.dev/v1alpha1","version":"v1alpha1"}],` +
			`"preferredVersion":{"groupVersion":"login.concierge.pinniped.dev/v1alpha1","version":"v1alpha1"}}`,
		"/apis/login.concierge.pinniped.dev/v1alpha1": `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"login.concierge.pinniped.dev/v1alpha1",` +
			`"resources":[{"name":"tokencredentialrequests","singularName":"tokencredentialrequest","namespaced":false,"kind":"TokenCredentialRequest",` +
			`"verbs":["create","list"],"categories":["pinniped"]}]}`,
		Path: `{"apiVersion":"login.concierge.pinniped.dev/v1alpha1","items":[],"kind":"TokenCredentialRequestList","metadata":{"resourceVersion":"0"}}`,
	} {
		w := httptest.NewRecorder()
		c.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if got := strings.TrimSpace(w.Body.String()); w.Code != http.StatusOK || got != want {
			t.Errorf("%s: %d\ngot  %s\nwant %s", path, w.Code, got, want)
		}
	}
	if got := c.faults.Log(""); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// Clients of Pinniped ask who they are (section 2.8). The API server says so in headers.
func TestWhoAmI(t *testing.T) {
	c := newCluster(t)
	ask := func(text string) (int, string) {
		r := httptest.NewRequest(http.MethodPost, "/apis/identity.concierge.pinniped.dev/v1alpha1/whoamirequests", strings.NewReader(text))
		r.Header.Set("X-Remote-User", "corp:ryan")
		r.Header["X-Remote-Group"] = []string{"devs", "system:authenticated"}
		w := httptest.NewRecorder()
		c.handler.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	const good = `{"apiVersion":"identity.concierge.pinniped.dev/v1alpha1","kind":"WhoAmIRequest","metadata":{},"spec":{},"status":{"kubernetesUserInfo":{"user":{"username":""}}}}`
	code, text := ask(good)
	if want := `"status":{"kubernetesUserInfo":{"user":{"username":"corp:ryan","groups":["devs","system:authenticated"]}}}`; code != http.StatusCreated || !strings.Contains(text, want) {
		t.Errorf("%d %s", code, text)
	}
	for _, bad := range []string{`{}`, strings.Replace(good, "WhoAmIRequest", "TokenCredentialRequest", 1), strings.Replace(good, `""`, `"root"`, 1), good[:20]} {
		if code, _ := ask(bad); code != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, code)
		}
	}
	for path, want := range map[string]string{"/apis": "identity.concierge.pinniped.dev", "/apis/identity.concierge.pinniped.dev/v1alpha1": "whoamirequests"} {
		w := httptest.NewRecorder()
		if c.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil)); !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %s", path, w.Body)
		}
	}
}
