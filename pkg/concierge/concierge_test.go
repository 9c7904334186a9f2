package concierge

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/leak"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

func TestMain(m *testing.M) { leak.Main(m) }

const (
	token      = redact.Secret("tok.en.7")
	cluster    = "/apis/login.concierge.pinniped.dev/v1alpha1/tokencredentialrequests"
	namespaced = "/apis/login.concierge.pinniped.dev/v1alpha1/namespaces/pinniped-concierge/tokencredentialrequests"
	until      = "2026-11-23T12:05:00Z"
)

// certificate and key are a pair (PEM) that ends an hour after until; issued is the reply with it.
var (
	certificate, key = pair(time.Date(2026, 11, 23, 13, 5, 0, 0, time.UTC))
	issued           = issue(until, certificate, key)
)

func pair(end time.Time) (certificate, key string) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: end.Add(-2 * time.Hour), NotAfter: end}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		panic(err)
	}
	text, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text}))
}

func issue(until, certificate, key string) string {
	text, _ := json.Marshal(map[string]any{"status": map[string]any{"credential": map[string]string{
		"expirationTimestamp": until, "clientCertificateData": certificate, "clientKeyData": key,
	}}})
	return string(text)
}

// answer is what a server answers to a path; paths that are not named are 404.
type answer struct {
	status int
	body   string
}

// serve answers and notes the paths that were asked for and the last body.
func serve(t *testing.T, replies map[string]answer) (w *wire.Client, url string, asked *[]string, body *[]byte) {
	t.Helper()
	asked, body = &[]string{}, &[]byte{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r.URL.Path)
		*body, _ = io.ReadAll(r.Body)
		if r.Method != http.MethodPost || r.Header.Get("Authorization") != "" {
			t.Errorf("%s with %q", r.Method, r.Header.Get("Authorization"))
		}
		got, ok := replies[r.URL.Path]
		if !ok {
			got = answer{404, `{"kind":"Status","message":"the server could not find the requested resource"}`}
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Date", "Mon, 23 Nov 2026 12:00:00 GMT")
		w.WriteHeader(got.status)
		_, _ = io.WriteString(w, got.body)
	}))
	t.Cleanup(server.Close)
	return &wire.Client{HTTP: server.Client()}, server.URL, asked, body
}

func TestRequest(t *testing.T) {
	w, url, asked, body := serve(t, map[string]answer{cluster: {201, issued}})
	got, form, err := Client{Wire: w, Server: url}.Exchange(t.Context(), disclose.ClusterAt(url).Hold(disclose.ClusterToken, token))
	expires, _ := time.Parse(time.RFC3339, until)
	want := Credential{Certificate: certificate, PrivateKey: redact.Secret(key), Expires: expires, Date: expires.Add(-5 * time.Minute)}
	if err != nil || form != ClusterScoped || got != want {
		t.Errorf("%+v %q %v", got, form, err)
	}
	if diff := cmp.Diff([]string{cluster}, *asked); diff != "" {
		t.Error(diff)
	}
	var sent, shape map[string]any
	_ = json.Unmarshal(*body, &sent)
	_ = json.Unmarshal([]byte(`{"kind":"TokenCredentialRequest","apiVersion":"login.concierge.pinniped.dev/v1alpha1","metadata":{},
		"spec":{"token":"tok.en.7","authenticator":{"apiGroup":"authentication.concierge.pinniped.dev","kind":"JWTAuthenticator","name":"tkg-jwt-authenticator"}}}`), &shape)
	if diff := cmp.Diff(shape, sent); diff != "" {
		t.Error(diff)
	}
}

// The form older than Pinniped v0.6.0 is tried if the newer one is not there, and is asked for at once if it is known.
func TestForms(t *testing.T) {
	for name, tc := range map[string]struct {
		replies map[string]answer
		known   Form
		asked   []string
		form    Form
		err     error
	}{
		"newer":             {map[string]answer{cluster: {201, issued}}, "", []string{cluster}, ClusterScoped, nil},
		"older":             {map[string]answer{namespaced: {201, issued}}, "", []string{cluster, namespaced}, Namespaced, nil},
		"known to be older": {map[string]answer{namespaced: {201, issued}}, Namespaced, []string{namespaced}, Namespaced, nil},
		"none":              {nil, "", []string{cluster, namespaced}, None, ErrNone},
		"replaced":          {map[string]answer{cluster: {201, issued}}, Namespaced, []string{namespaced, cluster}, ClusterScoped, nil},
		"gone":              {nil, ClusterScoped, []string{cluster, namespaced}, None, ErrNone},
		"none before":       {map[string]answer{cluster: {201, issued}}, None, []string{cluster}, ClusterScoped, nil},
		"forbidden":         {map[string]answer{cluster: {403, "{}"}}, "", []string{cluster}, "", ErrNone},
		"no anonymous":      {map[string]answer{cluster: {401, "{}"}}, "", []string{cluster}, "", ErrNone},
		"down":              {map[string]answer{cluster: {503, "{}"}}, "", []string{cluster}, ClusterScoped, wire.ErrServer},
	} {
		w, url, asked, _ := serve(t, tc.replies)
		_, form, err := Client{w, url, tc.known}.Exchange(t.Context(), disclose.ClusterAt(url).Hold(disclose.ClusterToken, token))
		if form != tc.form || !errors.Is(err, tc.err) || (tc.err == nil) != (err == nil) {
			t.Errorf("%s: %q %v", name, form, err)
		}
		if diff := cmp.Diff(tc.asked, *asked); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestReplies(t *testing.T) {
	_, another := pair(time.Now())
	for name, tc := range map[string]struct {
		reply answer
		kind  error
	}{
		"refused":           {answer{201, `{"status":{"message":"authentication failed"}}`}, ErrRefused},
		"nothing":           {answer{201, `{}`}, wire.ErrServer},
		"null":              {answer{201, `null`}, wire.ErrServer},
		"no word on it":     {answer{201, `{"status":{"message":""}}`}, wire.ErrServer},
		"no certificate":    {answer{201, issue(until, "junk", "junk")}, wire.ErrServer},
		"another's key":     {answer{201, issue(until, certificate, another)}, wire.ErrServer},
		"half a pair":       {answer{201, `{"status":{"credential":{"expirationTimestamp":"` + until + `","clientCertificateData":"CERT"}}}`}, wire.ErrServer},
		"no end":            {answer{201, `{"status":{"credential":{"token":"t"}}}`}, wire.ErrServer},
		"a date that is no": {answer{201, `{"status":{"credential":{"expirationTimestamp":"soon","token":"t"}}}`}, wire.ErrServer},
		"a page":            {answer{200, `<html>`}, wire.ErrServer},
		"too much":          {answer{200, strings.Repeat(" ", 5<<20)}, wire.ErrServer},
		"invalid":           {answer{422, fmt.Sprintf(`{"message":"token %s must be"}`, token.Reveal())}, wire.ErrServer},
	} {
		w, url, _, _ := serve(t, map[string]answer{cluster: tc.reply})
		got, _, err := Client{Wire: w, Server: url}.Exchange(t.Context(), disclose.ClusterAt(url).Hold(disclose.ClusterToken, token))
		if !errors.Is(err, tc.kind) || errors.Is(err, ErrRefused) != (tc.kind == ErrRefused) || got != (Credential{}) || strings.Contains(fmt.Sprint(err), token.Reveal()) {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}

// What is handed out ends with the certificate, whatever the reply says.
func TestACertificateEndsBefore(t *testing.T) {
	w, url, _, _ := serve(t, map[string]answer{cluster: {201, issue("9999-01-01T00:00:00Z", certificate, key)}})
	if got, _, err := (Client{Wire: w, Server: url}).Exchange(t.Context(), disclose.ClusterAt(url).Hold(disclose.ClusterToken, token)); err != nil || !got.Expires.Equal(time.Date(2026, 11, 23, 13, 5, 0, 0, time.UTC)) {
		t.Errorf("%s %v", got.Expires, err)
	}
}

func TestATokenInsteadOfAPair(t *testing.T) {
	w, url, _, _ := serve(t, map[string]answer{cluster: {201, `{"status":{"credential":{"expirationTimestamp":"` + until + `","token":"abc"}}}`}})
	if got, _, err := (Client{Wire: w, Server: url}).Exchange(t.Context(), disclose.ClusterAt(url).Hold(disclose.ClusterToken, token)); err != nil || got.Token != "abc" {
		t.Errorf("%+v %v", got, err)
	}
}
