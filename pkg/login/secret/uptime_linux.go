package secret

import (
	"time"

	"golang.org/x/sys/unix"
)

// Uptime returns the time since the system started, sleep included (clock_gettime(2), CLOCK_BOOTTIME): nobody sets this clock. It is 0
// if it is not known.
func Uptime() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
