package supervisor_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/disclose"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/supervisor"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/trust"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/wire"
)

const (
	password = redact.Secret("pass-word-7")
	token    = redact.Secret("tok.en.7")
)

// front is a Supervisor that knows these requests (method, blank, path and query) and fails the test at any other.
type front struct {
	t        *testing.T
	mu       sync.Mutex
	replies  map[string][]answer // taken in turn; the last one stays
	requests []*http.Request
}

type answer struct {
	status int
	body   string
}

func ok(body string) []answer { return []answer{{200, body}} }

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, r)
	name := r.Method + " " + r.RequestURI
	answers := f.replies[name]
	if len(answers) == 0 {
		f.t.Errorf("unexpected request %s", name)
		w.WriteHeader(http.StatusTeapot)
		return
	}
	if len(answers) > 1 {
		f.replies[name] = answers[1:]
	}
	w.WriteHeader(answers[0].status)
	io.WriteString(w, answers[0].body)
}

// count says how often a request came.
func (f *front) count(name string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, r := range f.requests {
		if r.Method+" "+r.RequestURI == name {
			n++
		}
	}
	return n
}

// client starts a front with these replies and a client of it.
func client(t *testing.T, replies map[string][]answer) (*supervisor.Client, *front) {
	t.Helper()
	f := &front{t: t, replies: replies}
	server := httptest.NewUnstartedServer(f)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // A spare connection that is closed early is no news.
	server.StartTLS()
	t.Cleanup(server.Close)
	h, err := trust.Trust{Mode: trust.Bundle, CA: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))}.Client(trust.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.CloseIdleConnections)
	address, err := supervisor.ParseAddress(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return &supervisor.Client{Wire: &wire.Client{HTTP: h}, Address: address}, f
}

// held returns a secret that the front may have.
func held(c *supervisor.Client, kind disclose.Kind, s redact.Secret) disclose.Secret {
	return disclose.SupervisorAt(c.Address.URL("")).Hold(kind, s)
}

// objects is a page of a list with the names, each with a UID of kind and name.
func objects(kind, next string, names ...string) string {
	items := ""
	for i, name := range names {
		if i > 0 {
			items += ","
		}
		items += fmt.Sprintf(`{"metadata":{"name":%q,"namespace":"team-a","uid":"%s-%s"},"spec":{"ignored":true}}`, name, kind, name)
	}
	return fmt.Sprintf(`{"kind":"PartialObjectMetadataList","metadata":{"continue":%q},"items":[%s]}`, next, items)
}
