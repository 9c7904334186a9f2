package provision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// site is what the scripts need of lab.json.
var site struct {
	Supervisors []struct{ Server, CA string }
	Users       []struct{ Username, Password string }
	Admin       string
	Provision   struct{ Namespace, Class, Release, Upgrade, VMClass, StorageClass string }
}

// bin is where make puts the programs.
const bin = "../../../bin"

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "vsphere-lab-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	stop, err := start(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, "start the lab:", err)
		return 1
	}
	defer stop()
	return m.Run()
}

// start runs a lab that makes clusters, until stop is called.
func start(dir string) (stop func(), err error) {
	cmd := exec.CommandContext(context.Background(), filepath.Join(bin, "vsphere-lab"), "up", "--provision", "--dir", dir)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%w (make lab-build makes it)", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
	}
	deadline := time.After(10 * time.Minute)
	for {
		if text, err := os.ReadFile(filepath.Join(dir, "lab.json")); err == nil {
			return stop, json.Unmarshal(text, &site)
		}
		select {
		case err := <-ended:
			return nil, errors.Join(errors.New("it ended"), err)
		case <-deadline:
			stop()
			return nil, errors.New("it is not ready after 10 minutes")
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// TestScripts runs testdata/*.txt. Beside testscript's own commands they have
//
//	fill FILE    replaces the variables in a file
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		Setup:               setup,
		RequireExplicitExec: true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"fill": fill},
	})
}

// setup gives each script a home of its own, and the names that lab.json has. The user is the first one who is no administrator.
func setup(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		return err
	}
	programs, err := filepath.Abs(bin)
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		"HOME": home, "PATH": programs + string(os.PathListSeparator) + os.Getenv("PATH"),
		"SERVER": site.Supervisors[0].Server, "CA": site.Supervisors[0].CA, "USERNAME": site.Users[1].Username,
		"KUBECTL_VSPHERE_PASSWORD": site.Users[1].Password, "ADMIN": site.Admin,
		"NAMESPACE": site.Provision.Namespace, "CLASS": site.Provision.Class, "RELEASE": site.Provision.Release,
		"UPGRADE": site.Provision.Upgrade, "VMCLASS": site.Provision.VMClass, "STORAGECLASS": site.Provision.StorageClass,
	} {
		env.Setenv(name, value)
	}
	return nil
}

func fill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: fill FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(os.Expand(ts.ReadFile(args[0]), ts.Getenv)), 0o600))
}
