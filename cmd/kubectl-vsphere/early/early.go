// Package early answers kubectl before the rest of the program is initialised. kubectl waits for the answer on every command,
// and initialising Kubernetes' packages takes longer than the answer.
//
// Go initialises a package once its imports are initialised, the one with the smallest import path first
// (https://go.dev/ref/spec#Package_initialization). This package imports the standard library and credfile only, so its
// turn comes before golang.org/..., gopkg.in/..., k8s.io/... and sigs.k8s.io/....
//
// Import it only in a main package, for its effect.
package early

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// init ends the process if the arguments ask for a credential that the store holds. With other arguments, such as those of a test
// binary, it does nothing.
func init() {
	if code, answered := answer(os.Args[1:], os.Getenv, os.Stdout, os.Stderr); answered {
		os.Exit(code)
	}
	if setting := os.Getenv(goDebug); strings.Contains(setting, frameLog) {
		_ = os.Setenv(goDebug, withoutFrameLog(setting))
	}
}

const (
	// goDebug is the variable with settings of Go's standard library (https://pkg.go.dev/runtime#hdr-Environment_Variables).
	goDebug = "GODEBUG"
	// frameLog is the setting with which net/http prints every header of HTTP/2, with passwords and tokens in it. net/http reads it
	// when it is initialised, which is after this package (TestLogsShowNoSecret holds that).
	frameLog = "http2debug="
)

// withoutFrameLog returns the settings without frameLog.
func withoutFrameLog(settings string) string {
	var kept []string
	for _, s := range strings.Split(settings, ",") {
		if !strings.Contains(s, frameLog) { // net/http looks for the text anywhere.
			kept = append(kept, s)
		}
	}
	return strings.Join(kept, ",")
}

// answer prints the credential that args ask for and returns the exit code. answered is false if nothing was printed.
func answer(args []string, getenv func(string) string, stdout, stderr io.Writer) (code int, answered bool) {
	answered, err := credfile.Answer(args, getenv, time.Now(), stdout)
	if err != nil { // kubectl has a part of the answer. More output would only break it.
		fmt.Fprintln(stderr, "error: "+err.Error())
		return 1, true
	}
	return 0, answered
}
