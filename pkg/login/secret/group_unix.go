//go:build unix

package secret

import (
	"os/exec"
	"syscall"
)

// ownGroup starts the command in a process group of its own, and ends that whole group when its time is over. Ctrl-C at the
// terminal does not reach it then: the context, which ends at Ctrl-C, does.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
