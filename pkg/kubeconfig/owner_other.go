//go:build !unix

package kubeconfig

import (
	"io/fs"
	"os"
)

func owner(fs.FileInfo) int { return os.Geteuid() }
