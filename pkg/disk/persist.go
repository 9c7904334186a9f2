package disk

import "time"

// On Windows, renaming over a file fails while another program has it open, such as a virus scanner or another kubectl. The
// pauses add up to 635 ms.
const (
	firstPause = 5 * time.Millisecond
	tries      = 8
)

// retry calls until the call succeeds, fails with an error that is not passing, or has failed as often as tries says. Each
// pause is twice the one before.
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
