//go:build !linux

package process

// NoDump does nothing: the one means here, the limit RLIMIT_CORE, goes on to every child, such as the browser. macOS writes no core
// dump unless somebody raised that limit.
func NoDump() {}
