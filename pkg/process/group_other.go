//go:build !unix

package process

import "os/exec"

// OwnGroup does nothing: when the context ends, only the command itself is killed.
func OwnGroup(*exec.Cmd) {}
