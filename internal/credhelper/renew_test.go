//go:build unix

package credhelper

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// child puts a kubectl-vsphere that runs a script on PATH.
func child(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, plugin), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
}

// What the child says is not looked at: its code decides.
func TestRenewGivesTheChildsCode(t *testing.T) {
	for _, code := range []int{1, 2, 3, 4, 130} {
		child(t, fmt.Sprintf("echo 'error: the session has ended; type: x' >&2; exit %d", code))
		var exit *exitError
		if err := renew(devKey, time.Minute); !errors.As(err, &exit) || exit.code != code || strings.Contains(err.Error(), "type: x") {
			t.Errorf("%d: %v", code, err)
		}
	}
	child(t, "echo 'error: x' >&2; exit 0")
	if err := renew(devKey, time.Minute); err != nil {
		t.Error(err)
	}
	child(t, "kill -9 $$")
	var exit *exitError
	if err := renew(devKey, time.Minute); !errors.As(err, &exit) || exit.code != -1 {
		t.Errorf("killed: %v", err)
	}
}

// It is asked as a kubeconfig asks it, and told to ask nobody.
func TestRenewAsksNobody(t *testing.T) {
	child(t, `[ "$*" = "get-token --server 10.0.0.1 --user Dev@vsphere.local" ] || exit 8
case "$KUBERNETES_EXEC_INFO" in *'"interactive":false'*) ;; *) exit 9;; esac`)
	if err := renew(devKey, time.Minute); err != nil {
		t.Error(err)
	}
}

func TestRenewIsBounded(t *testing.T) {
	child(t, "exec sleep 60")
	start := time.Now()
	var slow *timeoutError
	if err := renew(devKey, 50*time.Millisecond); !errors.As(err, &slow) || slow.wait != 50*time.Millisecond {
		t.Error(err)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestRenewWithoutTheProgram(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	var exit *exitError
	if err := renew(devKey, time.Minute); err == nil || errors.As(err, &exit) || !strings.Contains(err.Error(), "nor on PATH") {
		t.Error(err)
	}
}
