package disk

import (
	"errors"
	"time"

	"golang.org/x/sys/windows"
)

func persist(call func() error) error {
	return retry(call, func(err error) bool {
		return errors.Is(err, windows.ERROR_ACCESS_DENIED) || errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_LOCK_VIOLATION)
	}, time.Sleep)
}
