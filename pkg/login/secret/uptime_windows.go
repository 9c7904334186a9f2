package secret

import (
	"time"

	"golang.org/x/sys/windows"
)

// Uptime returns the time since the system started: nobody sets this clock.
func Uptime() time.Duration { return windows.DurationSinceBoot() }
