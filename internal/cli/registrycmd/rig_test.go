package registrycmd_test

import (
	"testing"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/cli/clitest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/consoletest"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/failure"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/leak"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess"
	"github.com/kubectl-vsphere/kubectl-vsphere/internal/registryaccess/harbortest"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/redact"
	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/registry"
)

func TestMain(m *testing.M) { leak.Main(m) }

const (
	supervisor = "10.0.0.1"
	host       = "10.0.0.5"
	token      = "token-of-" + consoletest.User
	asToken    = registry.TokenPrefix + consoletest.User

	dockerFile = ".docker/config.json"
	entry      = `"10.0.0.5": "vsphere"`
)

// rig is a machine with both programs on PATH, and a Harbor of a Supervisor. Nobody is logged in.
type rig struct {
	*consoletest.World
	harbor *harbortest.Harbor
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{World: clitest.New(t), harbor: harbortest.New(t, supervisor)}
	r.Serve(host+":443", r.CA, r.harbor)
	r.Programs["docker-credential-vsphere"] = r.WriteFile("bin/docker-credential-vsphere", "#!/bin/sh\n", 0o755)
	r.Vars["XDG_RUNTIME_DIR"] = r.Dir // The tests must not see podman's files on this machine.
	return r
}

// signedIn is a rig where User is logged in, and the registry takes the token.
func signedIn(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.SignIn(supervisor)
	r.harbor.Logins[asToken] = token
	return r
}

// added is a rig whose registry was added.
func added(t *testing.T) *rig {
	t.Helper()
	r := signedIn(t)
	r.Run("registry", "add", host).Exits(failure.OK)
	r.harbor.Forget()
	return r
}

func (r *rig) records() registry.Store { return registryaccess.RecordsOf(r.Store()) }

// record is what is remembered of the registry.
func (r *rig) record(t *testing.T) registry.Record {
	t.Helper()
	got, _, err := r.records().Record(host)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// stored is what registry clients get in place of the session's token.
func (r *rig) stored(t *testing.T) registry.Login {
	t.Helper()
	l, _, err := r.records().Login(host)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// store keeps a login as "docker login" does.
func (r *rig) store(t *testing.T, username string, change ...func(*registry.Login)) {
	t.Helper()
	l := registry.Login{Host: host, Username: username, Secret: redact.Stored{Secret: "stored-secret"}}
	for _, c := range change {
		c(&l)
	}
	if err := r.records().SaveLogin(l); err != nil {
		t.Fatal(err)
	}
}
