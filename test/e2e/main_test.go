package e2e

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

// site is the lab that all tests of this run share. Each makes users of its own.
var site lab

// lab is what is needed of lab.json.
type lab struct {
	Supervisors []struct {
		Server          string
		CA              string
		Namespaces      []string
		AdminKubeconfig string
		Clusters        []struct{ Namespace, Name, UID, AdminKubeconfig string }
	}
	Users []struct {
		Username, Password string
		Namespaces         []string
	}
	OIDC     struct{ Issuer, CA, ClientID string }
	Registry struct{ Host, CA string }
	VCenter  struct{ Host, CA string }
	Admin    string
}

// bin is where make puts the programs.
var bin = func() string {
	dir, err := filepath.Abs("../../bin")
	if err != nil {
		panic(err)
	}
	return dir
}()

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "vsphere-lab-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	stop, err := startLab(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, "start the lab:", err)
		return 1
	}
	defer stop()
	return m.Run()
}

// startLab runs the lab until stop is called.
func startLab(dir string) (stop func(), err error) {
	cmd := exec.CommandContext(context.Background(), filepath.Join(bin, "vsphere-lab"), "up", "--dir", dir)
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
	deadline := time.After(5 * time.Minute)
	for {
		if text, err := os.ReadFile(filepath.Join(dir, "lab.json")); err == nil {
			return stop, json.Unmarshal(text, &site)
		}
		select {
		case err := <-ended:
			return nil, errors.Join(errors.New("it ended"), err)
		case <-deadline:
			stop()
			return nil, errors.New("it is not ready after 5 minutes")
		case <-time.After(100 * time.Millisecond):
		}
	}
}
