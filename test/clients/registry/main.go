// Command registry is the registry of the lab: distribution's own command, with the storage driver and the authentication that the lab
// uses. Its usual main links every cloud's storage, which takes as long to compile as all the rest.
package main

import (
	"os"

	"github.com/distribution/distribution/v3/registry"
	_ "github.com/distribution/distribution/v3/registry/auth/token"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
)

func main() {
	if err := registry.RootCmd.Execute(); err != nil {
		os.Exit(1)
	}
}
