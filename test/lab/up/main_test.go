package up

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
)

// site is what the tests use of lab.json, and the lab's process.
var site struct {
	Supervisors []struct {
		Server, CA, AdminKubeconfig string
		Addresses                   []string
		Namespaces                  []string
		Clusters                    []struct{ Namespace, Name, UID, AdminKubeconfig string }
	}
	Provision struct{ Namespace, Class, Release, Upgrade, VMClass, StorageClass string }
	Admin     string
	pid       int
}

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

func start(dir string) (stop func(), err error) {
	cmd := exec.CommandContext(context.Background(), "../../../bin/vsphere-lab", "up", "--provision", "--dir", dir)
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
			site.pid = cmd.Process.Pid
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
