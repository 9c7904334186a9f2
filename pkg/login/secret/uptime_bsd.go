//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package secret

import (
	"time"

	"golang.org/x/sys/unix"
)

// Uptime returns the time since the system started. The kernel moves kern.boottime when the clock is set, so the difference does not
// change. It is 0 if it is not known.
func Uptime() time.Duration {
	boot, err := unix.SysctlTimeval("kern.boottime")
	if err != nil {
		return 0
	}
	return max(0, time.Since(time.Unix(boot.Unix())))
}
