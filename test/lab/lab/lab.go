// Package lab starts a vSphere site on loopback for a Go test: it runs the program vsphere-lab and reads what that says of
// itself. It is a module without dependencies, so a test imports none of the lab's.
//
//	func TestLogin(t *testing.T) {
//		site := lab.Start(t)
//		server, user := site.Supervisors[0].Server, site.Users[1]
//		…
//	}
package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Program is an environment variable with the path of vsphere-lab. Without it the program is looked for on PATH.
const Program = "VSPHERE_LAB"

// patience is how long a lab may take until it is ready. A machine that is busy needs more than the usual 20 seconds.
const patience = 5 * time.Minute

// Lab is a running lab: what lab.json says. Paths are absolute. Hosts are HOST, or HOST:PORT where port 443 is not allowed.
type Lab struct {
	Dir         string       `json:"-"` // of the lab's files
	Supervisors []Supervisor `json:"supervisors"`
	Users       []User       `json:"users"`
	OIDC        OIDC         `json:"oidc"`
	Registry    *Registry    `json:"registry"` // nil where no registry is installed
	VCenter     VCenter      `json:"vcenter"`
	Provision   *Provision   `json:"provision"` // nil without --provision
	Admin       string       `json:"admin"`     // URL of the admin API: see Do

	input  io.Closer // the lab ends when it is closed
	cmd    *exec.Cmd
	said   strings.Builder // on standard error
	ended  chan struct{}
	failed error // how it ended and what it said, if that was not well; to be read after ended
}

// Supervisor is a Supervisor, and what clients need to log in to it.
type Supervisor struct {
	Server          string    `json:"server"`
	Addresses       []string  `json:"addresses"` // of its control planes, where it has several; Server is the virtual one
	CA              string    `json:"ca"`        // file
	Namespaces      []string  `json:"namespaces"`
	AdminKubeconfig string    `json:"adminKubeconfig"` // file
	Clusters        []Cluster `json:"clusters"`
}

// Cluster is a TKG cluster of a Supervisor.
type Cluster struct {
	Namespace       string `json:"namespace"`
	Name            string `json:"name"`
	UID             string `json:"uid"`             // of the Cluster object
	AdminKubeconfig string `json:"adminKubeconfig"` // file
}

// User is an account of the vCenter and of the OpenID provider.
type User struct {
	Username   string   `json:"username"`
	Password   string   `json:"password"`
	Namespaces []string `json:"namespaces"`
}

// OIDC is the OpenID provider, and a front of the first Supervisor whose users log in by it.
type OIDC struct {
	Issuer   string `json:"issuer"`
	CA       string `json:"ca"` // file
	ClientID string `json:"clientID"`
	Server   string `json:"server"`
	Browse   string `json:"browse"` // URL that finishes a browser login for a test
}

// Registry is the container registry.
type Registry struct {
	Host string `json:"host"`
	CA   string `json:"ca"` // file
}

// VCenter has the REST API and the issuer of the tokens.
type VCenter struct {
	Host string `json:"host"`
	CA   string `json:"ca"` // file
}

// Provision has what a Cluster names that the first Supervisor is to make.
type Provision struct {
	Namespace    string `json:"namespace"` // where clusters can be made
	Class        string `json:"class"`     // topology.classRef.name, or topology.class in v1beta1
	Release      string `json:"release"`   // topology.version
	Upgrade      string `json:"upgrade"`   // the next release
	VMClass      string `json:"vmClass"`   // variables of the class
	StorageClass string `json:"storageClass"`
}

// Start runs a lab until the test ends. args are more arguments for vsphere-lab up, such as "--fake-clusters", "100". The test fails
// at once if there is no lab.
func Start(t testing.TB, args ...string) *Lab {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	l, err := Open(ctx, t.TempDir(), args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// Open runs a lab that keeps its files in dir, and returns when it is ready. ctx bounds the wait only. The caller must call Close. A
// TestMain has no test to give to Start, and uses this.
func Open(ctx context.Context, dir string, args ...string) (*Lab, error) {
	program := os.Getenv(Program)
	if program == "" {
		program = "vsphere-lab"
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	l := &Lab{Dir: dir, ended: make(chan struct{})}
	if err := l.run(program, args); err != nil {
		return nil, fmt.Errorf("start the lab (%s names another program): %w", Program, err)
	}
	if err := l.wait(ctx); err != nil {
		return nil, fmt.Errorf("the lab is not ready: %w", errors.Join(err, l.Close()))
	}
	return l, nil
}

// run starts the program.
func (l *Lab) run(program string, args []string) error {
	l.cmd = exec.Command(program, append([]string{"up", "--quiet", "--until-eof", "--dir", l.Dir}, args...)...)
	l.cmd.Stderr = &l.said
	input, err := l.cmd.StdinPipe()
	if err != nil {
		return err
	}
	l.input = input
	if err := l.cmd.Start(); err != nil {
		return err
	}
	go func() {
		defer close(l.ended)
		if err := l.cmd.Wait(); err != nil {
			l.failed = fmt.Errorf("%w\n%s", err, l.said.String())
		}
	}()
	return nil
}

// wait returns when lab.json is there, which appears in one piece.
func (l *Lab) wait(ctx context.Context) error {
	for {
		text, err := os.ReadFile(filepath.Join(l.Dir, "lab.json"))
		if err == nil {
			return json.Unmarshal(text, l)
		}
		select {
		case <-l.ended:
			return errors.New("it ended")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Close ends the lab. It returns an error, with what the lab said, for one that did not end well or has ended before.
func (l *Lab) Close() error {
	select {
	case <-l.ended:
		return errors.Join(errors.New("the lab has ended by itself"), l.failed)
	default:
	}
	_ = l.cmd.Process.Signal(syscall.SIGTERM)
	<-l.ended
	_ = l.input.Close() // It is closed with the program.
	return l.failed
}
