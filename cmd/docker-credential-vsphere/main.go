// Command docker-credential-vsphere gives a vSphere login to registry clients.
package main

import (
	"os"

	"github.com/docker/docker-credential-helpers/credentials"

	"github.com/kubectl-vsphere/kubectl-vsphere/internal/credhelper"
)

// Set by the Makefile with -ldflags -X.
var version, commit, date = "0.1.0-dev", "unknown", "unknown"

func main() {
	credentials.Name, credentials.Package = credhelper.Name, "github.com/kubectl-vsphere/kubectl-vsphere"
	credentials.Version, credentials.Revision = version, commit+" "+date
	os.Exit(credhelper.Run(os.Args[1:]))
}
