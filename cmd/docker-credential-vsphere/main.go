// Command docker-credential-vsphere gives a vSphere login to registry clients.
package main

import (
	"os"
	"runtime/debug"

	"github.com/docker/docker-credential-helpers/credentials"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/credhelper"
	told "github.com/kubectl-vsphere/kubectl-vsphere/internal/version"
)

// Set by the Makefile with -ldflags -X. `go install` sets none of them.
var version, commit, date string

func main() {
	credentials.Name, credentials.Package = credhelper.Name, "github.com/kubectl-vsphere/kubectl-vsphere"
	built := told.Complete(told.Info{Version: version, Commit: commit, Date: date}, debug.ReadBuildInfo)
	credentials.Version, credentials.Revision = built.Version, built.Commit+" "+built.Date
	os.Exit(credhelper.Run(os.Args[1:]))
}
