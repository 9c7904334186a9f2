//go:build faults

package disk

import (
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// The build for tests numbers the calls of the process from 1 and obeys KUBECTL_VSPHERE_DISK_FAULT:
//
//	before:N  the process kills itself before call N      after:N  … after it
//	EIO:N     call N fails, and does nothing; so does ENOSPC:N
//	EIO:N+    … and all later ones
//
// Each call is a line of the file KUBECTL_VSPHERE_DISK_TRACE: its number, op and path.
var (
	mu    sync.Mutex
	calls int
)

// Do runs a call that changes a file, unless the environment says otherwise.
func Do(op, path string, call func() error) error {
	mu.Lock()
	defer mu.Unlock()
	calls++
	trace(fmt.Sprintf("%d %s %s\n", calls, op, path))
	what, at, _ := strings.Cut(os.Getenv("KUBECTL_VSPHERE_DISK_FAULT"), ":")
	at, onwards := strings.CutSuffix(at, "+")
	number, _ := strconv.Atoi(at)
	if calls != number && (!onwards || calls < number) {
		return call()
	}
	switch what {
	case "before":
		kill()
	case "after":
		err := call()
		kill()
		return err
	case "EIO":
		return &fs.PathError{Op: op, Path: path, Err: syscall.EIO}
	case "ENOSPC":
		return &fs.PathError{Op: op, Path: path, Err: syscall.ENOSPC}
	}
	return call()
}

func kill() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

func trace(line string) {
	name := os.Getenv("KUBECTL_VSPHERE_DISK_TRACE")
	if name == "" {
		return
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	if _, err := f.WriteString(line); err != nil {
		panic(err)
	}
}
