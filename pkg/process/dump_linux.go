package process

import "golang.org/x/sys/unix"

// NoDump asks the system for no core dump of this process, which may hold a password in its memory. Other processes of the user cannot
// attach a debugger then, either (prctl(2), PR_SET_DUMPABLE). The process still reads its own /proc/self, /dev/stdin and /dev/fd, and a
// child starts with a new program and the usual setting. A kernel that refuses is no reason to stop.
func NoDump() { _ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }
