// Package early answers kubectl before the rest of the program is initialised. kubectl waits for that on every command,
// and initialising Kubernetes' packages takes longer than the answer.
//
// Go initialises a package once its imports are initialised, the one with the smallest import path first
// (https://go.dev/ref/spec#Package_initialization). This package imports the standard library and credfile only, so its
// turn comes before golang.org/..., gopkg.in/..., k8s.io/... and sigs.k8s.io/....
//
// Import it for its effect, in a main package only.
package early

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/kubectl-vsphere/kubectl-vsphere/pkg/tokens/credfile"
)

// init ends the process when the arguments ask for a credential that the store holds. The arguments of anything else, a
// test binary's too, leave it without effect.
func init() {
	if code, answered := answer(os.Args[1:], os.Getenv, os.Stdout, os.Stderr); answered {
		os.Exit(code)
	}
}

// answer prints the credential that args ask for and gives the exit code. It is false when nothing was printed.
func answer(args []string, getenv func(string) string, stdout, stderr io.Writer) (code int, answered bool) {
	answered, err := credfile.Answer(args, getenv, time.Now(), stdout)
	if err != nil { // kubectl has half an answer: another one behind it would be garbage.
		fmt.Fprintln(stderr, "error: "+err.Error())
		return 1, true
	}
	return 0, answered
}
