//go:build !unix

package atomicfile

import (
	"io/fs"
	"os"
)

func chownLike(*os.File, fs.FileInfo) error { return nil }
