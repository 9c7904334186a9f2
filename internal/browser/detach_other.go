//go:build !unix

package browser

import "os/exec"

// detach is not needed where Ctrl-C is no signal to a group of processes.
func detach(*exec.Cmd) {}
