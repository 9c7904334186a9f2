//go:build !unix

package costtest

import "time"

var started = time.Now()

func spent() time.Duration { return time.Since(started) }
