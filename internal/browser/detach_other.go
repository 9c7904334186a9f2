//go:build !unix

package browser

import "os/exec"

// detach does nothing: on these systems Ctrl-C is not a signal to a group of processes.
func detach(*exec.Cmd) {}
