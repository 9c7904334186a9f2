//go:build unix

package bounded

import "syscall"

// nonblocking opens a FIFO without waiting for its writer.
const nonblocking = syscall.O_NONBLOCK
