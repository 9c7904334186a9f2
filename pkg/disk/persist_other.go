//go:build !windows

package disk

func persist(call func() error) error { return call() }
