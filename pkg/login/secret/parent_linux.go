package secret

import (
	"bytes"
	"os"
	"strconv"
)

// startOf reads the start time, in clock ticks since boot, from field 22 of /proc/PID/stat (proc_pid_stat(5)). The
// second field, the command in parentheses, can hold anything: the count begins after the last parenthesis.
func startOf(pid int) string {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	const start = 22 - 3
	if len(fields) <= start {
		return ""
	}
	return string(fields[start])
}
