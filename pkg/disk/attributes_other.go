//go:build !linux

package disk

import "os"

// AttributesOf returns none on this system.
func AttributesOf(string) Attributes { return Attributes{} }

// OfKernel reports false on this system.
func OfKernel(string) bool { return false }

// Reserve does nothing on this system.
func Reserve(*os.File, int64) error { return nil }
