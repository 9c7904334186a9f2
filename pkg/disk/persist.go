package disk

import "time"

// On Windows a rename over a file that somebody reads, such as a virus scanner or another kubectl, fails for a moment. The pauses
// add up to two thirds of a second.
const (
	firstPause = 5 * time.Millisecond
	tries      = 8
)

// retry calls until it works, or fails for good, or has failed too often. Each pause is twice the last one.
func retry(call func() error, passing func(error) bool, sleep func(time.Duration)) error {
	pause := firstPause
	for range tries - 1 {
		err := call()
		if err == nil || !passing(err) {
			return err
		}
		sleep(pause)
		pause *= 2
	}
	return call()
}
