//go:build !linux && !darwin && !windows

package secret

func startOf(int) string { return "" }
