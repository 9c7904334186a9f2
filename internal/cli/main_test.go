package cli_test

import (
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/leak"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/login/oidc"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens"
)

func TestMain(m *testing.M) { leak.Main(m) }

const (
	supervisor = "10.0.0.1"
	user       = consoletest.User
	token      = "token-of-" + user
)

// site is a world with a Supervisor that has a namespace ns1 with a cluster tkc1. Nobody is logged in.
func site(t *testing.T) (*consoletest.World, *consoletest.Supervisor, *consoletest.Cluster) {
	t.Helper()
	w := clitest.New(t)
	tkc := w.Cluster("tkc1", "10.0.0.11")
	return w, w.Supervisor(supervisor, &consoletest.Namespace{Name: "ns1", Clusters: []*consoletest.Cluster{tkc}}), tkc
}

// login logs User in, and takes the password away again.
func login(w *consoletest.World, more ...string) {
	w.Vars[failure.PasswordVariable] = consoletest.Password
	w.Run(append([]string{"login", "--server", supervisor, "-u", user, "--certificate-authority", w.CAFile}, more...)...).Exits(failure.OK)
	delete(w.Vars, failure.PasswordVariable)
}

// byProvider makes a session one of an identity provider, with what is kept of that.
func byProvider(t *testing.T, kept oidc.Session, change ...func(*tokens.Session)) func(*tokens.Session) {
	t.Helper()
	renewal, err := kept.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return func(s *tokens.Session) {
		s.Method, s.Renewal = "oidc", renewal
		for _, c := range change {
			c(s)
		}
	}
}
