package client

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
)

// shown keeps which client certificates the API server was shown, in order.
type shown struct {
	mu  sync.Mutex
	all []string
}

func (s *shown) see(r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	serial := "none"
	if len(r.TLS.PeerCertificates) > 0 {
		serial = r.TLS.PeerCertificates[0].SerialNumber.String()
	}
	if serial += r.Header.Get("Authorization"); len(s.all) == 0 || s.all[len(s.all)-1] != serial {
		s.all = append(s.all, serial)
	}
}

// A session of a Concierge has a certificate of a few minutes. Requests go on with the next one, which takes one exchange.
func TestCertificates(t *testing.T) {
	w, s := clitest.Site(t)
	w.Vars[failure.PasswordVariable] = consoletest.Password
	s.Federate("", consoletest.LDAP())
	w.Run(clitest.SignIn(w, "--auth-method", "oidc")...).Exits(failure.OK)
	delete(w.Vars, failure.PasswordVariable)
	var seen shown
	s.Replies["GET /version"] = func(_ http.ResponseWriter, r *http.Request) { seen.see(r) }
	session := loaded(t, w, Stored{Context: "10.0.0.1"})
	c, err := session.Credential(t.Context())
	if err != nil || c.Token != "" || len(c.Certificate) == 0 || c.PrivateKey == "" {
		t.Fatal(err, c)
	}
	if _, err := session.TokenSource(t.Context()).Token(); !errors.Is(err, ErrNoToken) {
		t.Error(err)
	}
	const exchange = "POST /apis/login.concierge.pinniped.dev/v1alpha1/tokencredentialrequests"
	client := httpClient(t, session)
	s.Forget()
	for i := range 3 {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if status, err := version(t.Context(), client, session); err != nil || status != http.StatusOK {
					t.Errorf("%d, %v", status, err)
				}
			})
		}
		all.Wait()
		if n := s.Count(exchange); n != i || len(seen.all) != i+1 {
			t.Errorf("after %d certificates: %d exchanges, %q", i+1, n, seen.all)
		}
		w.Advance(6 * time.Minute)
	}
	if text := strings.Join(seen.all, " "); strings.Contains(text, "none") || strings.Contains(text, "Bearer") {
		t.Error(text)
	}
	answers(t, must(t)(session.Cluster(t.Context(), "ns1/tkc1")))

	// The job has the certificate too, for as long as that lives.
	text, _, err := session.Kubeconfig(t.Context(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(text)
	if err != nil || len(config.CertData) == 0 || len(config.KeyData) == 0 || config.BearerToken != "" {
		t.Errorf("%v", err)
	}
	if _, _, err := session.Kubeconfig(t.Context(), time.Hour); err == nil || !strings.Contains(err.Error(), "and the job needs one until") {
		t.Errorf("%v", err)
	}
	if said := session.String() + rest.CopyConfig(session.Config()).String(); strings.Contains(said, "PRIVATE KEY") {
		t.Error(said)
	}
}
