package secret

import (
	"strconv"

	"golang.org/x/sys/windows"
)

// startOf asks when the process was created, in nanoseconds since 1970.
func startOf(pid int) string {
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid)) //nolint:gosec // IDs of Windows have 32 bits.
	if err != nil {
		return ""
	}
	defer windows.CloseHandle(h) //nolint:errcheck // Nothing is left to do about it.
	var created, exited, kernel, user windows.Filetime
	if windows.GetProcessTimes(h, &created, &exited, &kernel, &user) != nil {
		return ""
	}
	return strconv.FormatInt(created.Nanoseconds(), 10)
}
