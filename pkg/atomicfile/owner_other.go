//go:build !unix

package atomicfile

import (
	"io/fs"
	"os"
)

func chownLike(_ *os.File, _ fs.FileInfo, mode fs.FileMode) (fs.FileMode, error) { return mode, nil }

// alive is always true here: only the age of a temporary file counts.
func alive(int) bool { return true }

const noFollow = 0

func mine(fs.FileInfo) bool { return true }

// names is always 1 there: a rename parts a file from its other names.
func names(string) uint64 { return 1 }

// mayWrite is told by the attempt there.
func mayWrite(string) error { return nil }
