//go:build unix

package process

import (
	"os/exec"
	"syscall"
)

// OwnGroup makes a command that was not started yet start in a process group of its own, and end with that whole group when its context
// ends. Ctrl-C at the terminal does not reach the group: the context must end at Ctrl-C. The group cannot read from the terminal.
func OwnGroup(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
}
