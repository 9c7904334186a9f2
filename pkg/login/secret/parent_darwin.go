package secret

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// startOf asks the kernel (sysctl kern.proc.pid) when the process started, in seconds and microseconds.
func startOf(pid int) string {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%d.%06d", info.Proc.P_starttime.Sec, info.Proc.P_starttime.Usec)
}
